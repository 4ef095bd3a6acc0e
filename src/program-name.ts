import { basename } from 'node:path';

/** The name that documents use. */
const standardName = 'cloudstack-mcp-server';
const names = [standardName, 'cloudstack-mcp'];

/** The name this program was started by, for hints that a person can copy; the standard one when it was started another way. */
export const programName = names.find((name) => name === basename(process.argv[1] ?? '')) ?? standardName;
