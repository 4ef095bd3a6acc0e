import type { SimulatorOptions } from '../../src/simulator/index.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import { finish, type Reply, rows } from './sign.ts';

type Params = Record<string, string>;
type Keys = Parameters<typeof finish>[3];

/** The signing keys of a user that the seed makes: alice (domain admin), bob and carol. */
export const keysOf = (name: string): NonNullable<Keys> => ({
  apiKey: `simulator-${name}-api-key-not-a-real-secret`,
  secretKey: `simulator-${name}-secret-key-not-a-real-secret`,
});

const NAMES = ['name', 'username', 'ipaddress', 'publicipaddress', 'description', 'displaytext'];

const resultOf = ({ body }: Reply): Reply['body'] => (body['jobresult'] ?? body) as Reply['body'];

/** `200`, `431/4350` for a refusal at once, `job` for a job that ended well and `job 431` for one that failed. */
const outcomeOf = ({ status, body }: Reply): string => {
  if (status !== 200) return `${status}/${body['cserrorcode']}`;
  if (body['jobstatus'] === undefined) return '200';
  return body['jobstatus'] === 2 ? `job ${body['jobresultcode']}` : 'job';
};

/** A seeded simulator whose jobs end at once, and short ways to ask it. */
export const createCloud = (options: SimulatorOptions = {}) => {
  const simulator = createSimulator({ jobMillis: 0, ...options });
  const list = (command: string, params: Params = {}): Promise<Reply['body'][]> =>
    rows(simulator, command, { ...params });
  const all = (command: string, params: Params = {}) => list(command, { listall: 'true', ...params });
  return {
    simulator,
    /** The rows of a list command, with nothing added to what is asked. */
    list,
    /** The same with listall. */
    all,
    /** The only row, or the first. */
    one: async (command: string, params: Params = {}): Promise<Reply['body']> => (await all(command, params))[0] ?? {},
    /** The id of what a list command shows under a name. */
    id: async (command: string, name: string, params: Params = {}): Promise<string> => {
      const found = (await all(command, params)).find((row) => NAMES.some((field) => row[field] === name));
      if (!found) throw new Error(`${command} shows no ${name}`);
      return String(found['id']);
    },
    /** Runs a command to its end and gives what it made or changed; fails if it is refused. */
    did: async (command: string, params: Params = {}, keys?: Keys): Promise<Reply['body']> => {
      const reply = await finish(simulator, command, params, keys);
      const result = resultOf(reply);
      if (reply.status !== 200 || result['errorcode'] !== undefined)
        throw new Error(`${command}: ${reply.status} ${String(result['errortext'])}`);
      const values = Object.values(result);
      return values.length === 1 && typeof values[0] === 'object' ? (values[0] as Reply['body']) : result;
    },
    /** How a command ends: `200`, `431/4350` at once, `job` or `job 431`. */
    outcome: async (command: string, params: Params = {}, keys?: Keys): Promise<string> =>
      outcomeOf(await finish(simulator, command, params, keys)),
    /** The text with which a command, or its job, is refused; fails if it is not. */
    refused: async (command: string, params: Params = {}, keys?: Keys): Promise<string> => {
      const { errortext } = resultOf(await finish(simulator, command, params, keys));
      if (typeof errortext !== 'string') throw new Error(`${command} was not refused`);
      return errortext;
    },
  };
};
