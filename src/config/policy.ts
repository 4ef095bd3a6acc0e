import * as z from 'zod';
import { oneOrMore } from './values.ts';

const risks = z.enum(['read', 'sensitive', 'change', 'destroy']);
const severities = z.enum(['low', 'medium', 'high', 'critical']);
const names = oneOrMore(z.string());
const action = z.enum(['allow', 'confirm', 'approve', 'block']);

/** Seconds out of `90`, `90s`, `10m`, `2h`, `1d`. */
const duration = z.union([z.number(), z.string().regex(/^\d+[smhd]?$/)]).transform((value) => {
  const [, count = '0', unit = 's'] = /^(\d+)([smhd]?)$/.exec(String(value)) ?? [];
  return Number(count) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit || 's']!;
});

const bySeverity = z.strictObject({ low: action, medium: action, high: action, critical: action }).partial();
const perRisk = z.union([action, bySeverity]);

/** What a rule or a limit is about. All that is given must match; in a list one is enough; `*` stands for any text. */
const match = z
  .strictObject({
    command: names,
    toolset: names,
    risk: oneOrMore(risks),
    severity: oneOrMore(severities),
    principal: names,
    role: names,
    profile: names,
    zone: names,
    domain: names,
    project: names,
    account: names,
    tag: z.record(z.string(), z.string()),
  })
  .partial();

const rule = z.strictObject({ name: z.string(), match, action });
const limit = z.strictObject({
  name: z.string(),
  match: match.default({}),
  changes: z.number().int().min(0),
  per: duration,
});

/** The section `policy` of the configuration file. */
export const policySection = z.strictObject({
  preset: z.enum(['read-only', 'operator', 'strict']).default('operator'),
  actions: z
    .strictObject({ read: perRisk, sensitive: perRisk, change: perRisk, destroy: perRisk })
    .partial()
    .default({}),
  rules: z.array(rule).default([]),
  limits: z.array(limit).default([]),
  protect: z
    .union([z.literal(false), z.strictObject({ key: z.string(), value: z.string() })])
    .default({ key: 'protected', value: 'true' }),
  /** What the policy sends to an approval (`approve`) is approved by someone else than the one who asked. */
  fourEyes: z.boolean().default(false),
  /** What has these severities is approved on the page with a passkey, and nowhere else. */
  passkey: oneOrMore(severities).default([]),
});

const role = z.strictObject({
  risks: z.array(risks).optional(),
  toolsets: z.array(z.string()).optional(),
  commands: z.array(z.string()).optional(),
  deny: z.array(z.string()).optional(),
  /** Domain ids or paths (`ROOT/sub`); what lies outside is neither seen nor touched. */
  domains: z.array(z.string()).min(1).optional(),
  /** Project ids. */
  projects: z.array(z.string()).min(1).optional(),
});

/** The section `roles`: what a principal may do here, on top of what CloudStack's own roles allow. */
export const rolesSection = z.record(z.string(), role);

/**
 * The section `principals`: who has which role and uses which profile, or which of several (the first where a call names
 * none). `*` stands for everybody else.
 */
export const principalsSection = z.record(
  z.string(),
  z
    .strictObject({
      role: z.string(),
      profile: z.string().optional(),
      profiles: z.array(z.string()).min(1).optional(),
    })
    .refine(({ profile, profiles }) => profile === undefined || profiles === undefined, {
      error: 'Give profile or profiles, not both',
    }),
);

/** The section `risks`: the operator's own judgement of commands. */
export const risksSection = z.record(
  z.string(),
  z.strictObject({
    risk: risks,
    severity: severities.optional(),
    reversible: z.boolean().optional(),
    warning: z.string().optional(),
  }),
);

/** The policy as it was read, defaults filled in. */
export type PolicySection = z.output<typeof policySection>;
/** What a rule or a limit is about. */
export type RuleMatch = z.output<typeof match>;
/** So many changes in so many seconds (`per`). */
export type Limit = z.output<typeof limit>;
/** What holders of a role may do. */
export type Role = z.output<typeof role>;
/** Roles by name. */
export type Roles = z.output<typeof rolesSection>;
/** Judgements of commands by name. */
export type Risks = z.output<typeof risksSection>;
/** Principals by name. */
export type Principals = z.output<typeof principalsSection>;
/** What a policy says of a call. */
export type Action = z.output<typeof action>;
