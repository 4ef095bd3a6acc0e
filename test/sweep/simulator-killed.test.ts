import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSimulator } from '../support/seeded-worlds.ts';
import { rows, signedRequest } from '../simulator/sign.ts';
import { startProgram } from '../support/process.ts';
import { eventually } from '../support/eventually.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulator-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ready {
  url: string;
  apiKey: string;
  secretKey: string;
}

const start = async (state: string) => {
  const flags = ['simulator', '--port', '0', '--state', state, '--job-millis', '0'];
  const { found, ...running } = await startProgram([process.execPath, 'dist/main.js', ...flags], /^(\{"url".*)$/);
  return { running, ready: JSON.parse(found) as Ready };
};

test('a simulator killed while it writes leaves the old world or the new one, never a broken file', async () => {
  const state = join(folder, 'world.json');
  const made: string[] = [];
  const savedAt = (): number => (existsSync(state) ? statSync(state).mtimeMs : 0);
  for (let round = 0; round < 4; round++) {
    const { running, ready } = await start(state);
    const write = async (): Promise<void> => {
      for (let i = 0; running.isRunning(); i++) {
        const name = `group-${round}-${i}`;
        const { url, method, headers } = signedRequest(ready, 'createInstanceGroup', { name }, 'GET');
        await fetch(url.replace('http://simulator/client/api', ready.url), { method, headers })
          .then(() => made.push(name))
          .catch(() => undefined);
      }
    };
    const [before, lastSave] = [made.length, savedAt()];
    const writing = write();
    // In the middle of its work: the world was saved, and is to be saved again.
    await eventually(() => {
      expect(savedAt()).toBeGreaterThan(lastSave);
      expect(made.length - before).toBeGreaterThan(10 * (round + 1));
    });
    await running.stop('SIGKILL');
    await writing;
    if (!existsSync(state)) continue;
    // Only the last line may have been cut off, and only where it has no end.
    for (const line of readFileSync(state, 'utf8').split('\n').slice(0, -1))
      expect(() => JSON.parse(line) as unknown).not.toThrow();
    const again = createSimulator({ state, jobMillis: 0 });
    const groups = await rows(again, 'listInstanceGroups', { listall: 'true', pagesize: '-1' });
    const saved = groups.map(({ name }) => String(name)).filter((name) => name.startsWith(`group-${round}-`));
    // What was kept is what was made first: a world as it once was.
    const first = Array.from(saved, (_, i) => `group-${round}-${i}`);
    expect([...saved].sort()).toEqual([...first].sort());
  }
  expect(made.length).toBeGreaterThan(20);
  expect(existsSync(state)).toBe(true);
});
