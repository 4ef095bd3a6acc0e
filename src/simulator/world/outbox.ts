/** A request that is to leave the simulated cloud for a webhook. */
export interface Letter {
  url: string;
  headers: Record<string, string>;
  body: Buffer;
  /** How often it is tried, and how many seconds each try may take. */
  tries: number;
  seconds: number;
  /** Whether the receiver's certificate is looked at. */
  verified: boolean;
  /** Why the cloud itself does not send it. */
  refused?: string | undefined;
}

/** What became of a letter: the receiver's words, or why it has none. Moments are in milliseconds, of the last try. */
export interface Posted {
  success: boolean;
  response: string;
  begun: number;
  ended: number;
}

/** The only way out of the simulated cloud. */
export interface Outbox {
  /** Never rejects; so many are sent at a time, the others wait, and what finds no place to wait has failed. */
  post(letter: Letter, atATime: number, done: (posted: Posted) => void): Promise<void>;
  /** Whether a host, as a URL has it, is this machine. */
  isHere(host: string): boolean;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  close(): void;
}
