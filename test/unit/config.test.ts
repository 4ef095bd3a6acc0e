import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { toProfile } from '../../src/config/profile.ts';
import { envNameOf, settings } from '../../src/config/settings.ts';
import { CallError } from '../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const write = (text: string): string => {
  const path = join(folder, `file-${files++}`);
  writeFileSync(path, text);
  return path;
};

const url = 'https://cloud.example.com/client/api';
const keys = { CLOUDSTACK_API_URL: url, CLOUDSTACK_API_KEY: 'k', CLOUDSTACK_SECRET_KEY: 's' };

const refusal = async (flags: Record<string, unknown>, env: Record<string, string> = {}): Promise<CallError> => {
  try {
    await loadConfig(flags, env);
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
  throw new Error('it was taken');
};

test('without anything there are defaults, no profile, and a log in the state folder', async () => {
  const config = await loadConfig({}, {});
  expect(config).toMatchObject({
    profile: 'default',
    tools: 'compact',
    readOnly: false,
    timeout: 30_000,
    profiles: {},
  });
  expect(config.audit).toBe(join(homedir(), '.local', 'state', 'cloudstack-mcp', 'audit.jsonl'));
  expect((await loadConfig({}, { XDG_STATE_HOME: '/state' })).audit).toBe('/state/cloudstack-mcp/audit.jsonl');
});

test('flags win over the environment, that over the file, that over the defaults', async () => {
  const config = write('tools: vpc\nretries: 7\ntimeout: 1000\nconnections: 9\n');
  const env = { CLOUDSTACK_MCP_CONFIG: config, CLOUDSTACK_MCP_RETRIES: '5', CLOUDSTACK_TIMEOUT: '2000' };
  expect(await loadConfig({ timeout: '3000', tools: undefined }, env)).toMatchObject({
    tools: 'vpc',
    retries: 5,
    timeout: 3000,
    connections: 9,
    keepAlive: 30_000,
    maxAnswer: 64,
  });
  expect((await loadConfig({ config: write('retries: 1') }, env)).retries).toBe(5);
});

test('every setting has a variable, and an empty one counts for nothing', async () => {
  const names = Object.keys(settings.shape).map(envNameOf);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^CLOUDSTACK_(MCP_[A-Z_]+|TIMEOUT)$/);
  expect(await loadConfig({}, Object.fromEntries(names.map((name) => [name, ''])))).toEqual(await loadConfig({}, {}));
});

test('no duration is longer than a timer can wait', () => {
  const units: Record<string, number> = { ms: 1, s: 1000, min: 60_000 };
  const durations = Object.entries(settings.shape).filter(([, { description = '' }]) =>
    /\((ms|s|min)\)/.test(description),
  );
  expect(durations.map(([name]) => name)).toContain('questionTimeout');
  for (const [name, schema] of durations) {
    const unit = units[/\((ms|s|min)\)/.exec(schema.description ?? '')![1]!]!;
    expect(schema.safeParse(Math.ceil(2 ** 31 / unit)).success, name).toBe(false);
    expect(schema.safeParse(schema.parse(undefined)).success, name).toBe(true);
  }
});

test.each([
  ['true', true],
  ['1', true],
  ['YES', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
])('CLOUDSTACK_MCP_READ_ONLY=%s is %s', async (text, value) => {
  expect((await loadConfig({}, { CLOUDSTACK_MCP_READ_ONLY: text })).readOnly).toBe(value);
});

test('keys from the environment are the profile default', async () => {
  const { profiles } = await loadConfig({}, keys);
  expect(profiles).toEqual({ default: { endpoint: url, secret: { apiKey: 'k', secretKey: 's' } } });
});

test('a secret may stand in a file that a variable points to', async () => {
  const secret = write('s3cret\n');
  const { CLOUDSTACK_SECRET_KEY: _inline, ...others } = keys;
  const { profiles } = await loadConfig({}, { ...others, CLOUDSTACK_SECRET_KEY_FILE: secret });
  expect(profiles['default']!.secret).toEqual({ apiKey: 'k', secretKey: 's3cret' });
  const session = await loadConfig(
    {},
    { CLOUDSTACK_API_URL: url, CLOUDSTACK_USERNAME: 'bob', CLOUDSTACK_PASSWORD_FILE: secret, CLOUDSTACK_DOMAIN: 'a/b' },
  );
  expect(session.profiles['default']!.secret).toEqual({ username: 'bob', password: 's3cret', domain: 'a/b' });
  const both = await loadConfig({}, { ...keys, CLOUDSTACK_SECRET_KEY_FILE: secret });
  expect(both.profiles['default']!.secret).toMatchObject({ secretKey: 's' });
});

const profiles = `
profiles:
  prod:
    url: ${url}
    apiKey: kp
    secretKey: sp
  lab:
    url: http://lab.example.com:8080/client/api/
    username: bob
    password: pw
    domain: /sub
`;

test('a file has several profiles; the environment adds its own', async () => {
  const config = write(profiles);
  const one = await loadConfig({ config, profile: 'lab' }, {});
  expect(one.profile).toBe('lab');
  expect(one.profiles['lab']).toEqual({
    endpoint: 'http://lab.example.com:8080/client/api',
    secret: { username: 'bob', password: 'pw', domain: '/sub' },
  });
  expect(Object.keys((await loadConfig({ config }, keys)).profiles).sort()).toEqual(['default', 'lab', 'prod']);
});

test('secrets of a file may stand in files of their own', async () => {
  const config = write(`profiles:
  a: { url: ${url}, apiKey: k, secretKeyFile: ${write('one\n')} }
  b: { url: ${url}, username: u, passwordFile: ${write('two\n')} }
`);
  const { profiles } = await loadConfig({ config }, {});
  expect(profiles['a']!.secret).toMatchObject({ secretKey: 'one' });
  expect(profiles['b']!.secret).toMatchObject({ password: 'two' });
});

test('an only profile is the one that is meant, unless another is named', async () => {
  const config = write(`profiles: { prod: { url: "${url}", apiKey: k, secretKey: s } }`);
  expect((await loadConfig({ config }, {})).profile).toBe('prod');
  // Whoever names one does not want another cloud.
  expect((await loadConfig({ config, profile: 'lab' }, {})).profile).toBe('lab');
});

test('the simulator is the only profile, under its own name and with a state folder of its own', async () => {
  const config = write(
    `profiles: { prod: { url: "${url}", apiKey: k, secretKey: s } }\nprincipals: { local: { role: viewer, profile: prod } }`,
  );
  for (const flags of [{ simulator: true }, { simulator: true, config, profile: 'prod' }]) {
    const loaded = await loadConfig({ ...flags, state: '/var/lib/mcp' }, keys);
    expect(loaded).toMatchObject({
      profile: 'simulator',
      state: '/var/lib/mcp/simulator',
      audit: '/var/lib/mcp/simulator/audit.jsonl',
    });
    expect(Object.keys(loaded.profiles)).toEqual(['simulator']);
  }
  expect((await loadConfig({ config, simulator: true }, {})).principals).toEqual({ local: { role: 'viewer' } });
});

test('the file may be JSON, or empty', async () => {
  expect((await loadConfig({ config: write('{"retries": 2}') }, {})).retries).toBe(2);
  expect((await loadConfig({ config: write('') }, {})).retries).toBe(3);
});

const wrong: [what: string, flags: Record<string, unknown>, env: Record<string, string>, says: string][] = [
  ['a number that is none', {}, { CLOUDSTACK_TIMEOUT: 'soon' }, 'timeout'],
  ['a number too small', {}, { CLOUDSTACK_TIMEOUT: '0' }, 'timeout'],
  ['a number too large', { wait: '100' }, {}, 'wait'],
  ['a time that no timer holds', {}, { CLOUDSTACK_TIMEOUT: '2147483648' }, 'timeout'],
  ['looks at events that no timer holds apart', {}, { CLOUDSTACK_MCP_CACHE_FOLLOW: '9999999' }, 'cacheFollow'],
  ['counts that no timer holds apart', {}, { CLOUDSTACK_MCP_RESOURCE_COUNTS: '99999' }, 'resourceCounts'],
  ['a grace that no timer holds', {}, { CLOUDSTACK_MCP_GRACE: '9999999999' }, 'grace'],
  ['a yes that is none', {}, { CLOUDSTACK_MCP_READ_ONLY: 'perhaps' }, 'readOnly'],
  ['an unknown key in the file', { config: write('colour: red') }, {}, 'colour'],
  ['a file that is not there', { config: join(folder, 'nowhere') }, {}, 'cannot be read'],
  ['a file that is not YAML', { config: write('a: [1') }, {}, 'neither YAML nor JSON'],
  ['a file that is a list', { config: write('- a\n- b') }, {}, ''],
  ['a file that is one word', { config: write('word') }, {}, ''],
  ['profiles that are a list', { config: write('profiles: [a]') }, {}, 'Profile 0'],
  ['a profile that is text', { config: write('profiles: { a: b }') }, {}, 'Profile a'],
  ['a profile without an address', { config: write('profiles: { a: { apiKey: k } }') }, {}, 'Profile a'],
  ['an unknown key in a profile', { config: write(`profiles: { a: { url: "${url}", key: k } }`) }, {}, 'key'],
  ['an address that is none', {}, { ...keys, CLOUDSTACK_API_URL: ':::' }, 'is not an http(s) URL'],
  ['an address of another kind', {}, { ...keys, CLOUDSTACK_API_URL: 'file:///etc/passwd' }, 'is not an http(s) URL'],
  ['no credential', {}, { CLOUDSTACK_API_URL: url }, 'incomplete credential'],
  ['half a key pair', {}, { CLOUDSTACK_API_URL: url, CLOUDSTACK_API_KEY: 'k' }, 'incomplete credential'],
  ['half a login', {}, { CLOUDSTACK_API_URL: url, CLOUDSTACK_USERNAME: 'u' }, 'incomplete credential'],
  [
    'a secret’s file that is not there',
    {},
    { CLOUDSTACK_API_URL: url, CLOUDSTACK_API_KEY: 'k', CLOUDSTACK_SECRET_KEY_FILE: '/nowhere' },
    'CLOUDSTACK_SECRET_KEY_FILE /nowhere cannot be read',
  ],
  ['credentials of nobody', { credentials: '/nowhere' }, {}, 'No configuration of /nowhere'],
];

test.each(wrong)('%s stops with what is wrong and what to do', async (_what, flags, env, expected) => {
  const error = await refusal(flags, env);
  expect(error.kind).toBe('configuration');
  expect(error.message).toContain(expected);
  expect(error.hint).not.toBe('');
});

test('no error repeats a secret of the configuration', async () => {
  const broken = write(`profiles:\n  a:\n    url: ${url}\n    apiKey: hunter2\n   secretKey: hunter2\n`);
  const typed = write(`profiles: { a: { url: "${url}", apiKey: [hunter2], secretKey: hunter2 } }`);
  for (const config of [broken, typed]) {
    const { message, hint } = await refusal({ config });
    expect(message + hint).not.toContain('hunter2');
  }
});

test('an address is tidied', () => {
  expect(toProfile('x', { url: 'HTTPS://Cloud.Example.com/client/api/', apiKey: 'k', secretKey: 's' }).endpoint).toBe(
    url,
  );
});

// other tools' files

test("D20: cloudmonkey's profiles, and the one it has chosen", async () => {
  const credentials = write(`prompt = 🐱
profile = lab

[prod]
url = ${url}
apikey = kp
secretkey = sp
timeout = 1800

[lab]
url = http://lab/client/api
username = bob
password = pw
domain = /

[empty]
asyncblock = true
`);
  const config = await loadConfig({ credentials }, {});
  expect(Object.keys(config.profiles).sort()).toEqual(['default', 'lab', 'prod']);
  expect(config.profiles['default']).toEqual(config.profiles['lab']);
  expect(config.profiles['prod']!.secret).toEqual({ apiKey: 'kp', secretKey: 'sp' });
  expect(config.profiles['lab']!.secret).toEqual({ username: 'bob', password: 'pw', domain: '/' });
});

test("an older cloudmonkey's choice stands in [core]", async () => {
  const section = (name: string) => `[${name}]\nurl = ${url}\napikey = ${name}\nsecretkey = s\n`;
  const credentials = write(`[core]\nprofile = b\n${section('a')}${section('b')}`);
  expect((await loadConfig({ credentials }, {})).profiles['default']!.secret).toMatchObject({ apiKey: 'b' });
});

test("D20: cs's regions", async () => {
  const credentials = write(`[other]\nendpoint = http://o/client/api\nkey = ko\nsecret = so\n
[cloudstack]\nendpoint = ${url}\nkey = kc\nsecret = sc\ntimeout = 30\n`);
  const { profiles } = await loadConfig({}, { CLOUDSTACK_MCP_CREDENTIALS: credentials });
  expect(profiles['default']).toEqual({ endpoint: url, secret: { apiKey: 'kc', secretKey: 'sc' } });
  expect(profiles['other']).toEqual({ endpoint: 'http://o/client/api', secret: { apiKey: 'ko', secretKey: 'so' } });
});

test('a file of another tool without profiles gives none', async () => {
  expect((await loadConfig({ credentials: write('[core]\nx = 1\n') }, {})).profiles).toEqual({});
});

test('D20: what cloudmonkey and cs take as a value is the value: no comment begins in a password, no dot parts a name', async () => {
  const credentials = write(
    `; a comment\n[prod.eu]\nurl = ${url}\nusername = true\npassword = a#b;c = "d\ndomain = "ROOT/x"\n`,
  );
  const { profiles } = await loadConfig({ credentials }, {});
  expect(profiles['prod.eu']!.secret).toEqual({ username: 'true', password: 'a#b;c = "d', domain: 'ROOT/x' });
});

test("D20: cs's files are one, the later wins, a region is chosen, and per cent signs are as Python writes them", async () => {
  const home = mkdtempSync(join(folder, 'home-'));
  writeFileSync(join(home, '.cloudstack.ini'), `[DEFAULT]\nsecret = s%%1\n[a]\nendpoint: ${url}\nkey = old\n`, {
    mode: 0o600,
  });
  const more = write('[a]\nkey = new\n[b]\nendpoint = http://b/client/api\nkey = kb\n');
  const env = { HOME: home, CLOUDSTACK_CONFIG: more, CLOUDSTACK_REGION: 'b' };
  const { profiles } = await loadConfig({ credentials: 'cs' }, env);
  expect(profiles['a']!.secret).toEqual({ apiKey: 'new', secretKey: 's%1' });
  expect(profiles['default']).toEqual(profiles['b']);
});
