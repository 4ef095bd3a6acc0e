import type { Command } from 'commander';
import type { Io } from './io.ts';

/** A command of the command line: its line in the help, and its flags and action, which load their code when used. */
export interface CliCommand {
  description: string;
  /** It goes on until it is stopped, or talks with a person or a shell: nothing else says that it is at work. */
  talks?: true;
  /** It takes none of the settings' flags: their schemas are not loaded for it. */
  plain?: true;
  build(command: Command, io: Io, end: (status: number) => void): void;
}
