import { expect, test } from 'vitest';
import type { Command, CommandsFile, Parameter } from '../../src/catalog/types.ts';
import { loadData } from '../../src/data.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import { notSimulatedCommands } from '../../src/simulator/engine/not-simulated.ts';
import { fillParams } from '../simulator/fill.ts';
import { send } from '../simulator/sign.ts';

const { commands } = loadData<CommandsFile>('commands.json');

const isEnvelope = (command: Command, reply: Awaited<ReturnType<typeof send>>): void => {
  const { status, wrapper, body } = reply;
  const where = `${command.name}: ${status} ${JSON.stringify(body).slice(0, 300)}`;
  if (status !== 200) {
    expect([431, 432, 530, 531, 532, 533, 535, 536, 537], where).toContain(status);
    expect([command.wrapper, 'errorresponse'], where).toContain(wrapper);
    expect(body['errorcode'], where).toBe(status);
    expect(typeof body['errortext'], where).toBe('string');
    return;
  }
  expect(wrapper, where).toBe(command.wrapper);
  if (command.async) {
    expect(body['jobid'], where).toMatch(/^[0-9a-f-]{36}$/);
    return;
  }
  if (command.result === 'success') expect(body['success'], where).toBe(true);
  const keys = ([] as (string | null)[]).concat(command.key).map(String);
  if (command.result === 'object') expect(keys, where).toContain(Object.keys(body)[0]);
  if (command.result === 'list' && Object.keys(body).length > 0) expect(typeof body['count'], where).toBe('number');
};

test.each([
  ['every', () => true],
  ['every required', ({ required }: Parameter) => required === true],
])('all commands answer well-formed with %s parameter', async (_, chosen) => {
  const simulator = createSimulator({ jobMillis: 0 });
  const refused: string[] = [];
  const crashed: string[] = [];
  for (const command of commands) {
    if (command.auth) continue;
    const reply = await send(simulator, command.name, fillParams(simulator, command, chosen)).catch(
      (error: unknown) => {
        crashed.push(
          `${command.name}: ${error instanceof Error ? (error.stack ?? '').split('\n').slice(0, 3).join(' ') : String(error)}`,
        );
        return undefined;
      },
    );
    if (!reply) continue;
    isEnvelope(command, reply);
    if (/is not simulated/.test(String(reply.body['errortext']))) refused.push(command.name);
    const jobid: unknown = reply.body['jobid'];
    if (typeof jobid !== 'string' || command.name === 'queryAsyncJobResult') continue;
    const job = await send(simulator, 'queryAsyncJobResult', { jobid });
    expect([1, 2], `${command.name}: ${JSON.stringify(job.body)}`).toContain(job.body['jobstatus']);
    if (/is not simulated/.test(JSON.stringify(job.body['jobresult']))) refused.push(command.name);
  }
  expect(crashed).toEqual([]);
  expect(refused.filter((name) => !notSimulatedCommands.has(name))).toEqual([]);
});
