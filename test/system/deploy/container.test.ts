import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { environmentOf, lastOf, readContainerFile, readExec, readPairs } from '../container/dockerfile.ts';
import { createIgnore } from '../container/ignore.ts';
import { findLeftovers, findUnreadable } from '../container/leftovers.ts';
import { variables } from '../../../scripts/docs/settings.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { startDoor } from '../../support/door.ts';

const file = readContainerFile(readFileSync('deploy/container/Dockerfile', 'utf8'));
const last = file.stages.at(-1)!;
const copies = file.stages.flatMap((stage) =>
  stage.instructions.filter(({ word }) => word === 'COPY').map((copy) => ({ stage, ...copy })),
);

describe('the container file', () => {
  it('builds on one release of Node, the one that CI runs the program on', () => {
    const current = /^ {2}for version in ([\d ]+);/m.exec(readFileSync('.ci/run', 'utf8'))?.[1]?.split(' ').at(-1);
    expect(file.args['NODE']).toBe(current);
    expect(file.stages.map(({ from }) => from)).toEqual([
      `node:${current}-alpine`,
      `node:${current}-alpine`,
      'scratch',
    ]);
  });

  it('runs as a user by number that is not root, and ends up with no other', () => {
    expect(lastOf(last, 'USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const [uid, gid] = lastOf(last, 'USER')!.split(':');
    const owned = copies.filter(({ flags }) => flags['chown']);
    expect(owned.map(({ flags }) => flags['chown'])).toEqual([`${uid}:${gid}`]);
    expect(owned[0]!.rest.split(' ').at(-1)).toBe(environmentOf(last)['CLOUDSTACK_MCP_STATE']);
  });

  it('starts the server without a shell in between, so that it gets the signals', () => {
    expect(readExec(lastOf(last, 'ENTRYPOINT')!)).toEqual(['node', '/app/dist/main.js']);
    expect(readExec(lastOf(last, 'CMD')!)).toEqual(['serve']);
    expect(lastOf(last, 'STOPSIGNAL')).toBe('SIGTERM');
    const [program] = readExec(lastOf(last, 'HEALTHCHECK')!.replace(/^.*?CMD /, ''));
    expect(program).toBe('node');
  });

  it('runs no script of a dependency while it builds', () => {
    const installs = file.stages[0]!.instructions.filter(({ word, rest }) => word === 'RUN' && /npm (ci|i)/.test(rest));
    expect(installs.map(({ rest }) => rest)).toEqual(['npm ci --ignore-scripts']);
  });

  it('sets only variables that the server reads, to values that it takes', async () => {
    const own = Object.entries(environmentOf(last)).filter(([name]) => name.startsWith('CLOUDSTACK_'));
    expect(own.map(([name]) => name).filter((name) => !variables.has(name))).toEqual([]);
    const { transport, host, port, state } = await loadConfig({}, Object.fromEntries(own));
    expect({ transport, host, port }).toEqual({
      transport: 'http',
      host: '0.0.0.0',
      port: Number(lastOf(last, 'EXPOSE')),
    });
    expect(state).toMatch(/^\/var\/lib\//);
  });

  it('does not serve without authentication as it is', async () => {
    const env = { ...environmentOf(last), CLOUDSTACK_MCP_SIMULATOR: 'true' };
    await expect(startDoor({ env })).rejects.toThrow(/Beyond loopback/);
  });

  it('names the image by the labels that registries read', () => {
    const labels = Object.assign(
      {},
      ...last.instructions.filter(({ word }) => word === 'LABEL').map(({ rest }) => readPairs(rest)),
    );
    expect(Object.keys(labels).every((name) => name.startsWith('org.opencontainers.image.'))).toBe(true);
    expect(labels['org.opencontainers.image.licenses']).toBe('Apache-2.0');
  });
});

describe('the build context', () => {
  const ignores = createIgnore(readFileSync('.dockerignore', 'utf8'));

  it('holds what the container file copies', () => {
    const needed = copies.filter(({ flags }) => !flags['from']).flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1));
    expect(needed).toContain('src');
    expect(needed.filter(ignores)).toEqual([]);
    expect(ignores('src/web/serve.ts')).toBe(false);
  });

  it.each([
    'node_modules/x/y.js',
    '.git/config',
    '.env',
    'dist/main.js',
    'test/support/harness.ts',
    'deploy/compose/secrets/redis_url',
    'scripts/check.ts',
    'config.yaml',
  ])('leaves out %s', (path) => expect(ignores(path)).toBe(true));
});

describe('what is left in an image', () => {
  const root = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-image-'));
  afterAll(() => rmSync(root, { recursive: true }));
  const write = (path: string, mode = 0o644): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), '', { mode });
  };

  it('is found wherever it lies', () => {
    write('app/dist/main.js');
    write('app/package.json');
    expect(findLeftovers(root)).toEqual([]);
    write('usr/local/lib/node_modules/npm/index.js');
    write('sbin/apk');
    write('app/src/main.ts');
    expect(findLeftovers(root).sort()).toEqual(['/app/src', '/sbin/apk', '/usr/local/lib/node_modules']);
  });

  it('is found where only root could read it', () => {
    write('app/data/commands.json', 0o600);
    expect(findUnreadable(join(root, 'app'))).toEqual(['data/commands.json']);
  });
});

describe('reading a container file', () => {
  it('joins lines, keeps the flags of an instruction apart, puts in arguments', () => {
    const { stages } = readContainerFile(
      'ARG N=1\nFROM a:${N} AS b\n# note\nRUN one \\\n  two\nCOPY --from=x --chown=1:2 s t\nHEALTHCHECK --timeout=5s CMD ["a", "--b=c"]\n',
    );
    expect(stages).toEqual([
      {
        from: 'a:1',
        name: 'b',
        instructions: [
          { word: 'RUN', flags: {}, rest: 'one two' },
          { word: 'COPY', flags: { from: 'x', chown: '1:2' }, rest: 's t' },
          { word: 'HEALTHCHECK', flags: { timeout: '5s' }, rest: 'CMD ["a", "--b=c"]' },
        ],
      },
    ]);
  });

  it.each(['ADD https://example.com/x /x', 'run lower', 'SHELL ["bash"]'])(
    'takes nothing that it would not carry out: %s',
    (line) => {
      expect(() => readContainerFile(`FROM scratch\n${line}\n`)).toThrow(/no instruction/);
    },
  );

  it('wants programs in the exec form', () => {
    expect(() => readExec('node main.js')).toThrow(/JSON array/);
  });
});
