import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** A PromQL expression: a query of a panel, or the condition of an alert. */
export interface Expression {
  title: string;
  text: string;
}

interface Panel {
  type: string;
  title: string;
  targets?: { expr: string }[];
  panels?: Panel[];
}

/** The dashboard as Grafana imports it. */
export const dashboardFile = 'deploy/grafana/cloudstack-mcp.json';
/** The alert rules. */
export const alertsFile = 'deploy/prometheus/alerts.yml';

const panelsOf = (panels: readonly Panel[]): Panel[] =>
  panels.flatMap((panel) => (panel.type === 'row' ? panelsOf(panel.panels ?? []) : [panel]));

/** Every panel of the dashboard with its queries. Variables stand in them as they are. */
export const readPanels = (): { title: string; expressions: string[] }[] => {
  const { panels } = JSON.parse(readFileSync(dashboardFile, 'utf8')) as { panels: Panel[] };
  return panelsOf(panels).map(({ title, targets = [] }) => ({ title, expressions: targets.map(({ expr }) => expr) }));
};

/** Puts values in the place of Grafana's variables. */
export const fillIn = (expression: string, { interval, range }: { interval: string; range: string }): string =>
  expression.replaceAll('$__rate_interval', interval).replaceAll('$__range', range).replaceAll('$instance', '.+');

/** Every alert rule. */
export const readAlerts = (): Expression[] => {
  const { groups } = parse(readFileSync(alertsFile, 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  return groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ title: alert, text: expr })));
};
