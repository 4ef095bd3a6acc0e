import { parse } from 'yaml';
import { readFileSync } from 'node:fs';
import { maxFailureShare, minCalls } from '../../src/web/health.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { alertsFile } from './deploy-files.ts';
import { code, toTable } from './markdown.ts';

interface Metric {
  name: string;
  help: string;
  type: string;
  labelNames?: string[];
}

/** Every metric of our own, from the registry that answers /metrics. */
export const metricsTable = (): string => {
  const { registry } = createMetrics();
  // prom-client's type of a metric tells neither its labels nor its help.
  const metrics = registry.getMetricsAsArray() as unknown as Metric[];
  return toTable(
    ['metric', 'type', 'labels', 'meaning'],
    // Those of the process depend on the system and on Node.
    metrics
      .filter(({ name }) => !/^(process|nodejs)_/.test(name))
      .map(({ name, help, labelNames = [] }) => {
        const type = registry.getSingleMetric(name)!.constructor.name.toLowerCase();
        return [code(name), type, labelNames.map(code).join(', '), help];
      }),
  );
};

/** Every alert rule: its severity, its meaning and what to do. */
export const alertsTable = (): string => {
  const { groups } = parse(readFileSync(alertsFile, 'utf8')) as {
    groups: { rules: { alert: string; labels: { severity: string }; annotations: Record<string, string> }[] }[];
  };
  return toTable(
    ['alert', 'severity', 'meaning', 'what to do'],
    groups.flatMap(({ rules }) =>
      rules.map(({ alert, labels, annotations }) => [
        code(alert),
        labels.severity,
        annotations['description'] ?? '',
        annotations['runbook'] ?? '',
      ]),
    ),
  );
};

/** The parts of /health, and what makes each degraded or down. */
export const healthTable = (): string =>
  [
    toTable(
      ['part', code('degraded'), code('down')],
      [
        ['`cloudstack`', 'some endpoints do not answer `listCapabilities`', 'none does'],
        ['`guard`', 'questions and approvals cannot be stored: calls that need a confirmation are refused', ''],
        [
          '`audit`',
          'someone changed the log, or entries are missing: see `problems` and [audit.md](audit.md)',
          'the log cannot be written: changes are refused',
        ],
        ['`store`', 'it is unreachable', ''],
        ['`responseTime`', 'the calls of the last minute took more than half of `timeout` on average', ''],
        ['`throughput`', `${minCalls} calls or more are running, and none has ended for a minute`, ''],
        [
          '`errorRate`',
          `more than ${maxFailureShare * 100} % of the calls of the last minute failed with server-side errors`,
          '',
        ],
      ],
    ),
    `With fewer than ${minCalls} calls in a minute, response time and error rate are shown and stay \`ok\`.`,
  ].join('\n\n');
