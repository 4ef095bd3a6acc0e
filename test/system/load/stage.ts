import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCloud, type Cloud } from './cloud.ts';
import { createHost, type Host, type HostOptions } from './host.ts';
import { startHttpServer, startSimulator, type ServerProcess, type SimulatorProcess } from '../../support/process.ts';

/** What the machines of users are made of: ids of the simulator's own. */
export interface Goods {
  zoneid: string;
  serviceofferingid: string;
  templateid: string;
  diskofferingid: string;
  /** One network is too small for every user's machine. */
  networkids: readonly string[];
}

/** How a stage is set. */
export interface StageOptions {
  /** How many users have a token. */
  users: number;
  /** Further flags of the server. */
  flags?: readonly string[];
  env?: Record<string, string>;
  /** Further sections of the configuration file. */
  config?: Record<string, unknown>;
  limit?: string;
  /** Virtual machines that are already there. */
  vms?: number;
}

/** A simulator, a folder, tokens; servers can be started on it. */
export interface Stage {
  simulator: SimulatorProcess;
  cloud: Cloud;
  goods: Goods;
  folder: string;
  tokenOf(user: number): string;
  /** A server with its own state and audit log, and the stage's users. */
  serve(name: string, options?: Omit<StageOptions, 'users' | 'vms'>): Promise<ServerProcess>;
  close(): Promise<void>;
}

const nameOf = (user: number): string => `user-${String(user).padStart(4, '0')}`;
const tokenOf = (user: number): string => `csmcp_load_${nameOf(user)}`;
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const networks = 4;

const findGoods = async (cloud: Cloud): Promise<Goods> => {
  const first = async (command: string, params: Record<string, string>): Promise<Record<string, unknown>> => {
    const [row] = await cloud.list(command, params);
    if (!row) throw new Error(`the simulator has nothing in ${command} ${JSON.stringify(params)}`);
    return row;
  };
  const zoneid = String((await first('listZones', { name: 'Frankfurt' }))['id']);
  const offering = await first('listNetworkOfferings', { guestiptype: 'Isolated', state: 'Enabled', forvpc: 'false' });
  const networkids = [];
  for (let n = 0; n < networks; n++) {
    const made = await cloud.ask('createNetwork', {
      name: `load-${n}`,
      displaytext: `load-${n}`,
      zoneid,
      networkofferingid: String(offering['id']),
      gateway: `10.200.${n}.1`,
      netmask: '255.255.255.0',
    });
    networkids.push(String((made['network'] as Record<string, unknown>)['id']));
  }
  return {
    zoneid,
    networkids,
    serviceofferingid: String((await first('listServiceOfferings', { name: 'Small Instance' }))['id']),
    templateid: String((await first('listTemplates', { templatefilter: 'all', name: 'Ubuntu 24.04 LTS' }))['id']),
    diskofferingid: String((await first('listDiskOfferings', { name: 'Small' }))['id']),
  };
};

interface Keys {
  apiKey: string;
  secretKey: string;
}

/** A user of the cloud for each user here, each with keys of its own, all of one account: what they see is the same. */
const makeUsers = async (cloud: Cloud, names: readonly string[]): Promise<Keys[]> => {
  const [admin] = await cloud.list('listUsers', { username: 'admin', listall: 'true' });
  const { account, domainid } = admin as { account: string; domainid: string };
  const make = async (username: string): Promise<Keys> => {
    const about = {
      username,
      password: `of ${username}`,
      firstname: 'Load',
      lastname: username,
      email: 'load@example.com',
    };
    const { user } = await cloud.ask('createUser', { ...about, account, domainid });
    const { jobresult } = await cloud.finish('registerUserKeys', { id: (user as { id: string }).id });
    const { apikey, secretkey } = (jobresult as { userkeys: { apikey: string; secretkey: string } }).userkeys;
    return { apiKey: apikey, secretKey: secretkey };
  };
  return Promise.all(names.map(make));
};

/** Starts a simulator with machines in it, and makes a token, a profile and a key for each user. */
export const setStage = async ({ users, vms = 400, config = {} }: StageOptions): Promise<Stage> => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-load-'));
  const simulator = await startSimulator('--vms', String(vms));
  const cloud = createCloud(simulator);
  const goods = await findGoods(cloud);
  const { url } = simulator;
  const names = Array.from({ length: users }, (_, user) => nameOf(user));
  const keys = await makeUsers(cloud, names);
  const file = {
    profiles: Object.fromEntries(names.map((name, user) => [name, { url, ...keys[user] }])),
    profile: names[0],
    auth: { tokens: Object.fromEntries(names.map((name, user) => [name, hash(tokenOf(user))])) },
    principals: Object.fromEntries(names.map((name) => [name, { role: 'operator', profile: name }])),
    ...config,
  };
  const running: ServerProcess[] = [];
  return {
    simulator,
    cloud,
    goods,
    folder,
    tokenOf,
    serve: async (name, { flags = [], env = {}, config: more = {}, limit } = {}) => {
      const state = join(folder, name);
      mkdirSync(state, { recursive: true });
      const path = join(state, 'config.json');
      writeFileSync(path, JSON.stringify({ ...file, ...more }));
      const own = ['--config', path, '--state', state];
      const server = await startHttpServer({
        args: [...own, ...(flags.includes('--port') ? [] : ['--port', '0']), ...flags],
        env,
        limit,
      });
      running.push(server);
      return server;
    },
    close: async () => {
      await Promise.all(running.filter((server) => server.isRunning()).map((server) => server.stop('SIGKILL')));
      await cloud.close();
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** A host of the stage's user; every other user speaks the older era. */
export const openHost = (stage: Stage, origin: string, user: number, options: Partial<HostOptions> = {}): Host =>
  createHost({ origin, token: stage.tokenOf(user), protocol: user % 2 ? 'old' : 'new', ...options });
