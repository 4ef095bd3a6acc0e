/** What kind of harm a command can do. */
export type Risk = 'read' | 'sensitive' | 'change' | 'destroy';

/** How bad it is when it was a mistake. */
export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** What a command may do to whom; one line of data/risks.json. */
export interface RiskRow {
  risk: Risk;
  severity: Severity;
  category: string;
  /** Another command brings the former state back, with the same data. */
  reversible: boolean;
  impactScope: string;
  warning: string;
  /** What a person types to confirm a critical command on something that has no name. */
  phrase?: string;
  /** A yes counts for this command as long as the session lasts. */
  once?: true;
  /** Why a command that is named like an end (`cancelShutdown`) is no destroy. */
  why?: string;
}

/** When a value counts: any that is given, unless something is said here. Letter case and blanks do not matter. */
export interface Condition {
  /** One of these. */
  is?: readonly string[];
  /** Anything but these. */
  not?: readonly string[];
  /** A number smaller than this. */
  below?: number;
  /** An address range that is as good as the whole internet. */
  world?: true;
  /** A map that has a key like one of these; `*` stands for any text. */
  keys?: readonly string[];
  /** Also when nothing is given. */
  absent?: true;
}

/** Arguments that make one command worse, and how. */
export interface Raise {
  when: Readonly<Record<string, Condition>>;
  /** The parameter that the rule is about; `when` may name others beside it. */
  parameter: string;
  risk: Risk;
  severity: Severity;
  reversible?: false;
  effect: string;
  /** Refused to roles that are tied to a domain or project. */
  tenants?: 'refused';
  worst: string;
}
