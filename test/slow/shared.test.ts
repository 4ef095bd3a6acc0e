import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Redis } from 'ioredis';
import type { Observation } from '../../src/observe.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { describeWithServer } from '../support/describe-with-server.ts';
import { password, startServer, type Server } from '../support/store-server.ts';
import { eventually } from '../support/eventually.ts';

describeWithServer('the shared part', () => {
  let server: Server;
  let admin: Redis;
  const stores: Store[] = [];
  const lines: string[] = [];
  const seen: Observation[] = [];
  const open = (path = ''): Store & { shared: NonNullable<Store['shared']> } => {
    const store = openStore(
      { redisUrl: `${server.url}${path}` },
      { report: (line) => lines.push(line), observe: (observation) => seen.push(observation) },
    );
    stores.push(store);
    return store as never;
  };
  const receive = async (store: Store): Promise<string[][]> => {
    const receivedKeys: string[][] = [];
    store.shared!.onInvalidate((keys) => receivedKeys.push([...keys]));
    await eventually(() => expect(store.shared!.isReachable()).toBe(true));
    return receivedKeys;
  };
  beforeAll(async () => {
    server = await startServer();
  });
  beforeEach(() => {
    admin = new Redis(server.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    admin.on('error', () => undefined);
  });
  afterEach(async () => {
    admin.disconnect();
    await Promise.all(stores.splice(0).map((store) => store.close()));
    lines.length = 0;
    seen.length = 0;
  });
  afterAll(() => server.close());

  test('an invalidation changes the versions everywhere, and every process receives it', async () => {
    const [a, b] = [open(), open()];
    const receivedByA = await receive(a);
    const receivedByB = await receive(b);
    // What was said before somebody listened is lost.
    expect(receivedByB).toEqual([['*']]);
    expect(await a.shared.versions([])).toEqual([]);
    expect(await a.shared.versions(['x', 'y'])).toEqual(['', '']);
    await a.shared.invalidate(['x']);
    const [x, y] = await b.shared.versions(['x', 'y']);
    expect(x).not.toBe('');
    expect(y).toBe('');
    await b.shared.invalidate(['x', 'y']);
    const [again, other] = await a.shared.versions(['x', 'y']);
    expect([x, '']).not.toContain(again);
    expect(other).not.toBe('');
    await eventually(() => expect(receivedByA).toEqual([['*'], ['x'], ['x', 'y']]));
    await eventually(() => expect(receivedByB).toEqual([['*'], ['x'], ['x', 'y']]));
  });

  test('a text is shared, a claim is one process’s, and nobody listens for ever', async () => {
    const [a, b] = [open(), open()];
    expect(await a.shared.get('k')).toBeUndefined();
    await a.shared.set('k', '{"rows":[]}', 60_000);
    expect(await b.shared.get('k')).toBe('{"rows":[]}');
    const claims = await Promise.all([a, b, a, b].map(({ shared }) => shared.claim('poll', 60_000)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    let received = 0;
    const stop = a.shared.onInvalidate(() => received++);
    const receivedKeys = await receive(a);
    stop();
    const before = received;
    await b.shared.invalidate(['z']);
    await eventually(() => expect(receivedKeys).toContainEqual(['z']));
    expect(received).toBe(before);
  });

  test('databases of one server hear nothing of each other', async () => {
    const [zero, one] = [open(), open('/1')];
    const receivedKeys = await receive(zero);
    const other = await receive(one);
    await one.shared.invalidate(['theirs']);
    await zero.shared.invalidate(['ours']);
    await eventually(() => expect(receivedKeys).toEqual([['*'], ['ours']]));
    await eventually(() => expect(other).toEqual([['*'], ['theirs']]));
    expect(await zero.shared.versions(['theirs'])).toEqual(['']);
  });

  test('a subscription that is lost may have missed something: everything is dropped when it is back', async () => {
    const a = open();
    const receivedKeys = await receive(a);
    await a.ping();
    const reachable: boolean[] = [];
    // In each turn of the event loop: on a busy machine a timer could miss how it was in between.
    let isWatching = true;
    const look = (): void => {
      reachable.push(a.shared.isReachable());
      if (isWatching) setImmediate(look);
    };
    look();
    expect(await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe(1);
    await eventually(() => expect(receivedKeys).toEqual([['*'], ['*']]));
    isWatching = false;
    expect(reachable).toContain(false);
    await eventually(() => expect(a.shared.isReachable()).toBe(true));
    // Commands went on: that is no loss of the store.
    expect(lines).toEqual([]);
    await a.shared.invalidate(['after']);
    await eventually(() => expect(receivedKeys.at(-1)).toEqual(['after']));
  });

  test('a notice that cannot be read may have been any', async () => {
    const a = open();
    const receivedKeys = await receive(a);
    await admin.publish('cloudstack-mcp:1:invalidate:0', 'nonsense');
    await admin.publish('cloudstack-mcp:1:invalidate:0', '{"a":1}');
    await eventually(() => expect(receivedKeys).toEqual([['*'], ['*'], ['*']]));
  });

  test('a store that is lost says so once, refuses at once, and heals by itself', async () => {
    const a = open();
    const receivedKeys = await receive(a);
    await a.set('k', 'v', 60_000);
    await server.stop();
    await eventually(() => expect(lines).toHaveLength(1));
    expect(a.shared.isReachable()).toBe(false);
    for (const use of [
      () => a.setIfAbsent('x', 1000),
      () => a.count('x', 1000),
      () => a.takeTokens('x', { size: 1, perMillisecond: 1 }, 1),
      () => a.get('k'),
      () => a.getOrSet('x', 'y', 1000),
      () => a.hashGetAll('x'),
      () => a.compareAndSet('x', 'y', undefined, 'z', 1000),
      () => a.ping(),
      () => a.shared.get('x'),
      () => a.shared.invalidate(['x']),
    ]) {
      const error: unknown = await use().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'CallError', kind: 'unavailable' });
      expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain('c4nary');
      expect((error as Error).cause).toBeUndefined();
    }
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`redis://127.0.0.1:${server.port} cannot be reached`);
    await server.start();
    await eventually(() => a.ping());
    await eventually(() => expect(a.shared.isReachable()).toBe(true));
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('can be reached again');
    expect(receivedKeys.at(-1)).toEqual(['*']);
    // Its functions are gone with the server, and come again.
    expect(await a.count('y', 60_000)).toBe(1);
    expect(seen).toEqual([true, false, true].map((reachable) => ({ type: 'store', reachable })));
    expect(lines.join()).not.toContain(password);
  });

  test('a server that answers nothing any more is lost within about a second, and comes back', async () => {
    const a = open();
    await receive(a);
    server.freeze();
    await expect(a.setIfAbsent('x', 1000)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('(timeout)');
    // Nobody waits for it again.
    await Promise.all(Array.from({ length: 100 }, () => expect(a.get('x')).rejects.toThrow('(timeout)')));
    server.thaw();
    await eventually(() => a.ping());
    await eventually(() => expect(a.shared.isReachable()).toBe(true));
    expect(lines).toHaveLength(2);
  });

  test('a user with the rights that the document names can do everything, and nothing else', async () => {
    const [, rights = ''] = /ACL SETUSER mcp on >PASSWORD (.*)/.exec(readFileSync('docs/store.md', 'utf8')) ?? [];
    await admin.call('ACL', 'SETUSER', 'mcp', 'on', '>mcp-secret', ...rights.split(' '));
    const url = `redis://mcp:mcp-secret@127.0.0.1:${server.port}`;
    const a = openStore({ redisUrl: url }, { report: (line) => lines.push(line) });
    stores.push(a);
    const receivedKeys = await receive(a);
    const shared = a.shared!;
    await a.ping();
    await a.setIfAbsent('acl', 1000);
    await a.count('acl', 1000);
    await a.takeTokens('acl', { size: 1, perMillisecond: 1 }, 1);
    await a.get('acl');
    await a.getOrSet('acl', 'x', 1000);
    await a.compareAndSet('acl', 'f', undefined, 'x', 1000);
    expect((await a.hashGetAll('acl')).size).toBe(1);
    await shared.set('acl', 'x', 1000);
    await shared.get('acl');
    await shared.versions(['acl']);
    await shared.invalidate(['acl']);
    await eventually(() => expect(receivedKeys).toContainEqual(['acl']));
    expect(lines).toEqual([]);
    const other = new Redis(url);
    await expect(other.get('elsewhere')).rejects.toThrow('NOPERM');
    await expect(other.flushall()).rejects.toThrow('NOPERM');
    other.disconnect();
  });

  test('what must not come back does not, even if the server has kept it', async () => {
    const saved = await startServer({ flags: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    const a = openStore({ redisUrl: saved.url }, { report: (line) => lines.push(line) });
    stores.push(a);
    await a.compareAndSet('approvals', 'd1', undefined, 'approved', 60_000);
    expect(await a.getOrSet('question-key', 'first', 60_000)).toBe('first');
    await a.count('limit', 60_000);
    await saved.stop();
    await eventually(() => expect(lines).toHaveLength(1));
    await saved.start();
    await eventually(() => a.ping());
    // It did keep what it had.
    expect(await a.count('limit', 60_000)).toBe(2);
    expect(await a.getOrSet('question-key', 'second', 60_000)).toBe('second');
    expect((await a.hashGetAll('approvals')).size).toBe(0);
    await a.close();
    await saved.close();
  });

  test('one that was never there, and one that does not let us in', async () => {
    const noOne = openStore(
      { redisUrl: `redis://:${encodeURIComponent(password)}@127.0.0.1:1` },
      { report: (line) => lines.push(line) },
    );
    stores.push(noOne);
    await expect(noOne.get('x')).rejects.toMatchObject({ kind: 'unavailable' });
    expect(lines.splice(0)).toEqual([expect.stringContaining('redis://127.0.0.1:1 cannot be reached (ECONNREFUSED)')]);
    const stranger = openStore(
      { redisUrl: `redis://somebody:c4nary-wrong@127.0.0.1:${server.port}` },
      { report: (line) => lines.push(line) },
    );
    stores.push(stranger);
    const error: unknown = await stranger.ping().catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('WRONGPASS');
    expect(lines).toEqual([expect.stringContaining('(WRONGPASS)')]);
    expect(JSON.stringify([lines, error, String(error)])).not.toMatch(/c4nary|somebody/);
  });

  test('a server that takes no more: what needs it is refused, and it is said once', async () => {
    const a = open();
    await a.ping();
    await admin.config('SET', 'maxmemory', '1');
    for (let n = 0; n < 5; n++) await expect(a.setIfAbsent(`full-${n}`, 1000)).rejects.toThrow('(OOM)');
    expect(lines).toEqual([expect.stringContaining('refuses commands (OOM)')]);
    await admin.config('SET', 'maxmemory', '0');
    expect(await a.setIfAbsent('room', 1000)).toBe(true);
  });
});
