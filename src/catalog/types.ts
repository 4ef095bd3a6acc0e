/** How a value travels in a map parameter; see data/README.md for the wire form of each. */
export interface MapEncoding {
  /** `pairs`: p[i].key/p[i].value; `flat`: p[i].K=V; `rows`: p[i].a=1&p[i].b=2; `pairs|flat`: the server takes either. */
  form: 'pairs' | 'flat' | 'rows' | 'pairs|flat';
  /** The fields the server reads from each entry of `rows` and `pairs`. */
  keys?: string[];
  /** `rows` whose entries may carry further fields. */
  free?: true;
  /** `flat` maps of which the server reads only this entry. */
  index?: 0;
}

/** Types of parameters in CloudStack's own words. */
export type ParameterType =
  | 'boolean'
  | 'date'
  | 'double'
  | 'integer'
  | 'list'
  | 'long'
  | 'map'
  | 'object'
  | 'short'
  | 'string'
  /** An id. */
  | 'uuid';

/** One parameter of a command, as CloudStack's newest known release declares it. */
export interface Parameter {
  name: string;
  type: ParameterType;
  required?: true;
  /** Element type of a list. */
  of?: 'string' | 'uuid';
  /** Longest value in characters, where it is not CloudStack's default of 255. */
  length?: number;
  /** The kind of resource whose id this is (data/kinds.json). */
  kind?: string;
  /** Role types that may use it, where it is not everybody. */
  roles?: string[];
  /** Only root administrators' form of the command has it. */
  admin?: true;
  validations?: string[];
  map?: MapEncoding;
  /** Known of the connected cloud only: no one has judged it. */
  live?: true;
  /** Releases that have it, where they are not all of the command's. */
  releases?: string;
}

/** What the body of an answer looks like inside its envelope. */
export type ResultForm = 'list' | 'object' | 'success' | 'flat' | 'none';

/** A CloudStack API command: facts only, one line of data/commands.json. */
export interface Command {
  name: string;
  /** Ranges on the release axis, such as `4.11.0-4.13.1 4.15.0-4.22.1`. */
  releases: string;
  async?: true;
  /** Answers with the id of the new object beside the job's. */
  create?: true;
  /** Only reads, so that CloudStack takes it by GET. */
  get?: true;
  /** Handled by the login machinery, not by role rules. */
  auth?: true;
  result: ResultForm;
  /** Outer key of the answer, letter case as sent. */
  wrapper: string;
  /** Key inside the envelope; several where the server uses one of them; null where it never sets one. */
  key: string | string[] | null;
  /** Response type (data/responses.json), without the suffix `Response`. */
  response: string;
  /** Kinds of object acted on, in CloudStack's entity names. */
  entity?: string[];
  event?: string;
  /** Instance type that its job carries. */
  jobType?: string;
  /** Built-in role types that may call it on a fresh installation. */
  roles?: string[];
  /** Settings that must be true for the command to exist. */
  enabledBy?: string[];
  /** The cloud's own words, of a command that only the cloud knows. */
  words?: string;
  /** Not in the stock package: `noredist` or `simulator`. */
  build?: string;
  /** What was otherwise in earlier releases. */
  earlier?: { releases: string; async?: boolean; response?: string }[];
  params: Parameter[];
}

/** A field of a response type. */
export interface Field {
  name: string;
  type: 'string' | 'boolean' | 'integer' | 'long' | 'float' | 'double' | 'date' | 'map' | 'object';
  list?: true;
  /** Response type of an object. */
  ref?: string;
  /** Values of a Java enumeration behind a string. */
  values?: string[];
  roles?: string[];
  sensitive?: true;
  releases?: string;
}

/** What a command returns; one line of data/responses.json. */
export interface ResponseType {
  name: string;
  fields: Field[];
}

/** The whole of data/commands.json. */
export interface CommandsFile {
  /** The day on which it was last brought up to date with what is known of CloudStack, such as 2026-11-26. */
  date: string;
  /** The release axis, oldest first. */
  releases: string[];
  commands: Command[];
}
