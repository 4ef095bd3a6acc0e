/** Anything that JSON can carry. */
export type Value = string | number | boolean | null | undefined | Value[] | { [key: string]: Value };

/** Named values: a resource's stored fields, or what a result says. */
export type Fields = Record<string, Value>;

/** One resource of the simulated cloud, to be read; only the world changes it. */
export interface Resource {
  /** Response type, such as `UserVm`; see kinds.ts. */
  readonly kind: string;
  /** CloudStack's internal number, seen in texts such as `i-2-3-VM`. */
  readonly no: number;
  readonly id: string;
  /** Id of the account that owns it. */
  readonly owner?: string;
  /** What the API shows, names of referenced resources left out: they are looked up when it is shown. */
  readonly fields: Readonly<Fields>;
  /** What it does not show: passwords, earlier states. */
  readonly hidden: Readonly<Fields>;
  /** Moment at which it went. */
  readonly removed?: number;
}
