import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { compareReleases } from '../catalog/releases.ts';
import { seePage } from '../documents.ts';
import { CallError } from '../errors.ts';
import type { FaultPlan } from '../simulator/index.ts';
import { exit, printLine, type Io } from './io.ts';

/** The flags of `simulator`. */
export interface SimulatorFlags {
  /** CloudStack's own where that is free, and else any. */
  port?: number;
  /** Where unsigned requests are taken. */
  integrationPort?: number;
  adminPassword?: string;
  empty?: boolean;
  vms?: number;
  release?: string;
  /** The release as whose fresh installation the simulator is; what is said beside it goes before. */
  profileOf?: string;
  /** `name=value` of settings that are not as an installation brings them. */
  setting?: string[];
  /** Hosts beside this machine that webhooks may be delivered to. */
  webhookHost?: string[];
  /** The only algorithm of signatures that it takes. */
  signature?: 'sha1' | 'sha512';
  jobMillis?: number;
  /** File that keeps the world. */
  state?: string;
  /** File with a fault plan. */
  faults?: string;
}

/** Where CloudStack's management server listens. */
const cloudStackPort = 8080;

/** The first release that takes signatures made with HmacSHA512. */
const firstOfSha512 = '4.23.0';

/** What a fresh installation of a release is like to its clients: its commands, its signatures, and the password of its documents. */
const profileOf = (release: string): Pick<SimulatorFlags, 'release' | 'adminPassword' | 'signature'> => ({
  release,
  adminPassword: 'password',
  ...(compareReleases(release, firstOfSha512) < 0 ? { signature: 'sha1' } : {}),
});

const readSettings = (given: string[]): Record<string, string> =>
  Object.fromEntries(
    given.map((text) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      if (name === undefined)
        throw new CallError('configuration', `--setting ${text} has no value.`, 'Write --setting NAME=VALUE.');
      return [name, value ?? ''];
    }),
  );

const readPlan = async (path: string): Promise<FaultPlan> => {
  const { parse } = (await import('yaml')).default;
  try {
    return parse(readFileSync(path, 'utf8')) as FaultPlan;
  } catch (error) {
    throw new CallError(
      'configuration',
      `${path} cannot be read as YAML or JSON: ${(error as Error).message}.`,
      seePage('simulator'),
    );
  }
};

/** Why nothing can listen on a port that was asked for. */
const explainPort =
  (port: number, flag: string) =>
  (error: unknown): never => {
    throw new CallError(
      'configuration',
      `The simulator cannot listen on port ${port}: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`,
      `Give another with ${flag}; 0 takes any that is free.`,
      { cause: error },
    );
  };

/** `simulator`: the embedded CloudStack on loopback until the process is asked to stop. */
export const runSimulator = async (flags: SimulatorFlags, io: Io): Promise<number> => {
  const { createSimulator } = await import('../simulator/index.ts');
  const { serveSimulator } = await import('../simulator/server.ts');
  const { port, integrationPort, empty, faults, setting = [], profileOf: release, webhookHost, ...given } = flags;
  const options = { ...(release === undefined ? {} : profileOf(release)), ...given };
  const settings = readSettings(setting);
  const plan = faults === undefined ? undefined : await readPlan(faults);
  let simulator;
  try {
    simulator = createSimulator({
      ...options,
      settings,
      webhookHosts: webhookHost,
      ...(plan ? { faults: plan } : {}),
      seed: empty ? 'empty' : 'default',
      onWarning: (text) => void printLine(io.stderr, text),
    });
  } catch (error) {
    throw new CallError('configuration', (error as Error).message, seePage('simulator'), { cause: error });
  }
  const server = await (port === undefined
    ? serveSimulator(simulator, { port: cloudStackPort }).catch(() => serveSimulator(simulator))
    : serveSimulator(simulator, { port }).catch(explainPort(port, '--port')));
  const integration =
    integrationPort === undefined
      ? undefined
      : await serveSimulator(simulator, { port: integrationPort, trusted: true }).catch(async (error: unknown) => {
          await server.close();
          return explainPort(integrationPort, '--integration-port')(error);
        });
  const line = {
    url: server.url,
    ...(integration ? { integrationUrl: integration.url } : {}),
    ...simulator.credentials,
  };
  await printLine(io.stdout, JSON.stringify(line));
  if (!io.signal.aborted) await once(io.signal, 'abort');
  await Promise.all([server.close(), integration?.close()]);
  simulator.close();
  return exit.done;
};
