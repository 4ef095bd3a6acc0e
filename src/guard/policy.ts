import type { Risk, RiskRow, Severity } from '../catalog/tool.ts';

/** What a policy does with a call: let it go, ask a human, refuse. */
export type Action = 'allow' | 'confirm' | 'block';

/** What may run, by risk and severity. */
export interface Policy {
  name: string;
  actions: Readonly<Record<Risk, Readonly<Record<Severity, Action>>>>;
}

const all = (action: Action): Record<Severity, Action> => ({
  low: action,
  medium: action,
  high: action,
  critical: action,
});

/** Changes run, destroys are confirmed; strong credentials are given out only after a yes. */
export const operator: Policy = {
  name: 'operator',
  actions: {
    read: all('allow'),
    sensitive: { ...all('allow'), high: 'confirm', critical: 'confirm' },
    change: { ...all('allow'), critical: 'confirm' },
    destroy: all('confirm'),
  },
};

/** Only reads; wins over everything else. */
export const readOnly: Policy = {
  name: 'read-only',
  actions: { read: all('allow'), sensitive: all('block'), change: all('block'), destroy: all('block') },
};

const order: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

/** The risk of a command with these arguments: some arguments make it worse, none makes it better. */
export const effectiveRisk = (row: RiskRow, params: Readonly<Record<string, unknown>>): RiskRow =>
  (row.raise ?? []).reduce<RiskRow>((worst, { when, risk, severity, reversible }) => {
    if (!Object.entries(when).every(([name, value]) => params[name] === value)) return worst;
    return {
      ...worst,
      ...(risk ? { risk } : {}),
      ...(severity && order.indexOf(severity) > order.indexOf(worst.severity) ? { severity } : {}),
      ...(reversible === false ? { reversible } : {}),
    };
  }, row);
