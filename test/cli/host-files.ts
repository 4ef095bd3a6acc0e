import { parse as parseJson } from '@humanwhocodes/momoa';
import { Ajv } from 'ajv';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { expect } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { addToHost, removeFromHost } from '../../src/setup/host-file.ts';
import { listHosts, type Host } from '../../src/setup/hosts.ts';
import { writeFile } from '../support/homes.ts';

/** Every file below a folder, with its text. */
export const filesIn = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), 'latin1')])
      .sort(),
  );

/** The layouts that hosts have. */
export const platforms = ['linux', 'darwin', 'win32'] as const;
/** A way to start the server that has to be quoted in every format. */
export const launch = {
  name: 'cloudstack',
  command: '/usr/bin/node',
  args: ['C:\\x y\\main.js', 'serve', '--config', '/ü.yaml'],
};

const read: Record<string, (text: string) => unknown> = {
  json: (text) => {
    // A host that reads plain JSON must be able to, where there was plain JSON before.
    if (/\/\/|\/\*|,\s*[}\]]/.test(text)) return parseJson(text, { mode: 'jsonc', allowTrailingCommas: true });
    return JSON.parse(text) as unknown;
  },
  toml: (text) => parseToml(text.replaceAll('\r\n', '\n')),
  yaml: (text) => parseYaml(text) as unknown,
};
const formatOf = (host: Host): string => /\.(json|toml|yaml)$/.exec(host.file)![1]!;

/** What may stand in a file before; `{under}` is the key under which the host has its servers. */
const contents: Record<string, Record<string, string>> = {
  json: {
    'other servers':
      '{\n  "theme": "dark",\n  "{under}": {\n    "other": { "command": "x", "args": [] }\n  },\n  "n": 1\n}\n',
    'four blanks, no line at the end':
      '{\n    "a": [1, 2],\n    "{under}": {\n        "other": {\n            "command": "x"\n        }\n    }\n}',
    comments:
      '// mine\n{\n  // first\n  "a": 1, // one\n  /* servers */ "{under}": {\n    "other": { "command": "x" } // the other\n    // the end\n  } // after\n}\n',
    'trailing commas': '{\n  "{under}": {\n    "other": {\n      "command": "x",\n    }, // ,\n  },\n}\n',
    'one line': '{"a": 1, "{under}": {"other": {"command": "x"}}}',
    'one line without it': '{"a":1}',
    'empty braces': '{}\n',
    'an empty list of servers': '{\n  "{under}": {}\n}\n',
    'only a comment within': '{\n  "{under}": {\n    // none yet\n  }\n}\n',
  },
  toml: {
    'other servers':
      'model = "x" # mine\n\n[{under}.other]\ncommand = "x"\nargs = [\n  "[a]",\n]\n\n# the end\n[tui]\ntheme = "dark"\n',
    'no line at the end': '# mine\na = 1\n[{under}.other]\ncommand = "x"',
    comments: '# only this\n',
  },
  yaml: {
    map: '# mine\na: 1 # one\n{under}:\n  # the other\n  other:\n    enabled: true # yes\n\n    name: x\n\n# after\nz:\n  - 1\n',
    'four blanks': '{under}:\n    other:\n        enabled: true\nz: |\n  text\n\n',
    'without it': 'a: 1\nb:\n- 2',
    'an empty one': 'a: 1\n{under}: # none\nz: 2\n',
    braces: 'a: 1\n{under}: {}\nz: 2\n',
  },
};
const listContents: Record<string, string> = {
  list: 'name: mine # yes\n{under}:\n  # the other\n  - name: other\n    command: x\n\nmodels: [] # none\n',
  'a list that is not indented': 'name: mine\n{under}:\n- name: other\n  command: x # y\n- name: third\n  command: z\n',
  'without it': 'name: mine\n',
  'an empty list': '{under}: []\nname: mine\n',
};

/** What a host's own schema says; `documented`: none is public, and the shape is what the documents of such hosts show. */
interface HostSchema {
  source: string;
  /** The file may have no other keys than its servers and `inputs`. */
  isClosed?: boolean;
  file?: object;
  entry: object | 'documented';
}

const schemas = JSON.parse(readFileSync('test/cli/host-schemas.json', 'utf8')) as Record<string, HostSchema>;
const documented = {
  type: 'object',
  additionalProperties: false,
  properties: { command: { type: 'string' }, args: { type: 'array', items: { type: 'string' } } },
  required: ['command', 'args'],
};
const ajv = new Ajv({ strict: false, allErrors: true });

/** What a host's schema finds wrong with the file that `init` wrote; an entry that is broken on purpose must be found. */
const expectValid = (host: Host, content: unknown, before: unknown): void => {
  const { entry, file = { type: 'object' }, isClosed } = schemas[host.id]!;
  const { under, isList } = host.placeOf('cloudstack');
  const [container = ''] = under;
  const servers = (content as Record<string, Record<string, unknown> | { name: string }[]>)[container]!;
  const own = Array.isArray(servers) ? servers.find(({ name }) => name === 'cloudstack') : servers['cloudstack'];
  expect(Array.isArray(servers), host.id).toBe(isList ?? false);
  const check = ajv.compile(entry === 'documented' ? documented : entry);
  expect(check(own) ? [] : check.errors, host.id).toEqual([]);
  expect(check({ ...(own as object), command: 1, cmd: 1 }), host.id).toBe(false);
  const whole = ajv.compile(file);
  // What was no whole configuration before is none afterwards.
  const isNew = before === undefined;
  if (isNew || whole(before)) expect(whole(content) ? [] : whole.errors, host.id).toEqual([]);
  if (isClosed && isNew) expect(Object.keys(content as object), host.id).toEqual([container]);
};

/** The hosts, by id. */
export const hostIds = listHosts({ platform: 'linux', home: '/', env: {} }).map(({ id }) => id);

/** Adds to and removes from a host's file, whatever stands in it before; not `isWhole`: no file, an empty one and a usual one only. */
export const checkHostFile = async (
  { platform, id, home }: { platform: (typeof platforms)[number]; id: string; home: string },
  isWhole: boolean,
): Promise<void> => {
  const host = listHosts({ platform, home, env: {} }).find((one) => one.id === id)!;
  expect(host.file.startsWith(home)).toBe(true);
  const place = host.placeOf('cloudstack');
  const variants = place.isList ? listContents : contents[formatOf(host)]!;
  const entries = Object.entries(variants).map(([what, text]) => [what, text.replaceAll('{under}', place.under[0]!)]);
  const texts: [string, string | undefined][] = [
    ['no file', undefined],
    ['an empty file', ''],
    ...entries.flatMap(([what, text]): [string, string][] => [
      [what!, text!],
      [`${what}, Windows lines`, text!.replaceAll('\n', '\r\n')],
      [`${what}, a byte order mark`, `\ufeff${text}`],
    ]),
  ];
  for (const [what, text] of isWhole ? texts : texts.slice(0, 3)) {
    rmSync(host.file, { force: true });
    if (text !== undefined) writeFile(host.file, text);
    const before = filesIn(home);

    expect((await addToHost(host, launch)).action, what).toBe('written');
    const written = readFileSync(host.file, 'utf8');
    const parsed = read[formatOf(host)]!(written.replace(/^\ufeff/, ''));
    expect(parsed, what).toBeTruthy();
    const { parse } = await host.format();
    const content = text?.replace(/^\ufeff/, '');
    expectValid(host, parse(written.replace(/^\ufeff/, '')), content?.trim() ? parse(content) : undefined);
    expect(await (await host.format()).parse(written.replace(/^\ufeff/, '')), what).toBeTruthy();
    // Nothing of what was there is lost or moved: its lines are there in their order.
    let at = 0;
    // Commas are set where an entry follows; an empty container is opened.
    const lines = (text ?? '').split(/\r?\n/).map((line) => line.replaceAll(',', '').replace(/\s*(?:\{\}|\[\])$/, ''));
    const shown = written.replaceAll(',', '');
    if (!what.startsWith('one line'))
      for (const line of lines) {
        at = shown.indexOf(line.trim(), at);
        expect(at, `${what}: ${line}\n${written}`).toBeGreaterThanOrEqual(0);
      }
    if (text?.includes('\r\n')) expect(written.replaceAll('\r\n', ''), what).not.toContain('\n');
    expect(written.startsWith('\ufeff'), what).toBe(text?.startsWith('\ufeff') ?? false);

    expect((await addToHost(host, launch)).action, what).toBe('unchanged');
    expect(readFileSync(host.file, 'utf8'), what).toBe(written);
    // Another way to start it replaces the first.
    await addToHost(host, { ...launch, command: 'other' });
    expect((await addToHost(host, launch)).action, what).toBe('written');
    expect(readFileSync(host.file, 'utf8'), what).toBe(written);

    expect((await removeFromHost(host, 'cloudstack')).action, what).toBe('removed');
    expect(filesIn(home), what).toEqual(before);
    expect((await removeFromHost(host, 'cloudstack')).action, what).toBe('absent');

    // With another's change in between only the entry goes.
    if (text === undefined || !what.includes('servers') || formatOf(host) !== 'json') continue;
    await addToHost(host, launch);
    writeFileSync(host.file, readFileSync(host.file, 'utf8').replace('"other"', '"another"'));
    await removeFromHost(host, 'cloudstack');
    expect(readFileSync(host.file, 'utf8'), what).toBe(text.replace('"other"', '"another"'));
  }
};
