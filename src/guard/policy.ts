import type { Action, Limit, PolicySection, RuleMatch } from '../config/policy.ts';
import type { Risk, Severity } from '../catalog/risk.ts';

type Actions = Readonly<Record<Risk, Readonly<Record<Severity, Action>>>>;

/** What may run, by whom asked: the table of a preset, rules before it, limits and protection beside it. */
export interface Policy {
  name: string;
  actions: Actions;
  rules: readonly { name: string; match: RuleMatch; action: Action }[];
  limits: readonly Limit[];
  /** Resources with this tag are never destroyed or changed. */
  protect: { key: string; value: string } | false;
  /** What wants an approval outside of the host is approved by someone else than the one who asked. */
  fourEyes: boolean;
  /** What has these severities is approved on the page with a passkey. */
  passkey: readonly Severity[];
}

const all = (action: Action): Record<Severity, Action> => ({
  low: action,
  medium: action,
  high: action,
  critical: action,
});

/** The shipped tables. */
export const presets: Readonly<Record<PolicySection['preset'], Actions>> = {
  'read-only': { read: all('allow'), sensitive: all('block'), change: all('block'), destroy: all('block') },
  // Changes run; destroys, changes that cut many off, consoles and strong credentials only after a yes.
  operator: {
    read: all('allow'),
    sensitive: { ...all('allow'), high: 'confirm', critical: 'confirm' },
    change: { ...all('allow'), high: 'confirm', critical: 'confirm' },
    destroy: all('confirm'),
  },
  // Whatever changes something is confirmed; what cannot be undone wants an approval outside of the host.
  strict: {
    read: all('allow'),
    sensitive: all('confirm'),
    change: all('confirm'),
    destroy: { ...all('confirm'), critical: 'approve' },
  },
};

const protectedTag = { key: 'protected', value: 'true' };

/** A policy out of the configuration. `readOnly` wins over everything in it. */
export const createPolicy = (section: PolicySection | undefined, readOnly: boolean): Policy => {
  if (readOnly)
    return {
      name: 'read-only',
      actions: presets['read-only'],
      rules: [],
      limits: [],
      protect: protectedTag,
      fourEyes: false,
      passkey: [],
    };
  const {
    preset = 'operator',
    actions = {},
    rules = [],
    limits = [],
    protect = protectedTag,
    fourEyes = false,
    passkey = [],
  } = section ?? {};
  const table = Object.fromEntries(
    Object.entries(presets[preset]).map(([risk, row]) => {
      const given = actions[risk as Risk];
      return [risk, typeof given === 'string' ? all(given) : { ...row, ...given }];
    }),
  ) as Actions;
  return { name: preset, actions: table, rules, limits, protect, fourEyes, passkey };
};
