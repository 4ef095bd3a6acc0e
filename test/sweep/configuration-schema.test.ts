import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { configurationSchema } from '../../scripts/build/configuration-schema.ts';
import { loadConfig } from '../../src/config/config.ts';
import { settings } from '../../src/config/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-schema-'));
afterAll(() => rmSync(folder, { recursive: true }));
const schema = configurationSchema() as { properties: Record<string, unknown> };
const accepts = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
const path = join(folder, 'c.json');

/** Whether the program takes a file; what else is wrong with a configuration is no matter of its values. */
const isTaken = async (content: object): Promise<boolean> => {
  writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
  return loadConfig({ config: path }, { HOME: folder }).then(
    () => true,
    () => false,
  );
};

const values = [
  -1,
  0,
  1,
  2,
  45,
  46,
  64,
  600,
  65_536,
  2 ** 31,
  1.5,
  true,
  false,
  'yes',
  'maybe',
  'http',
  '',
  [],
  {},
  ['x'],
];

test('for every setting the schema takes and refuses what the program does', async () => {
  const different: string[] = [];
  for (const name of Object.keys(settings.shape)) {
    const isNumber = /"type":"(?:integer|number)"/.test(JSON.stringify(schema.properties[name]));
    for (const value of values) {
      // To the program a number may be a text or a yes, too; an editor asks for a number.
      if (isNumber && typeof value !== 'number') continue;
      const content = { simulator: true, [name]: value };
      if ((await isTaken(content)) !== accepts(content)) different.push(`${name}: ${JSON.stringify(value)}`);
    }
  }
  expect(different).toEqual([]);
});

const digest = 'ab'.repeat(32);
test.each<[boolean, object]>([
  [true, { $schema: 'https://example.com/s.json' }],
  [true, { profiles: { lab: { url: 'https://c/client/api', apiKey: 'k', secretKey: 's', signature: 'sha1' } } }],
  [false, { profiles: { lab: { url: 'https://c/client/api', apikey: 'k', secretKey: 's' } } }],
  [false, { profiles: { lab: { apiKey: 'k', secretKey: 's' } } }],
  [false, { profil: 'lab' }],
  [
    true,
    {
      policy: {
        preset: 'strict',
        rules: [{ name: 'r', match: { command: 'list*', risk: ['read'] }, action: 'allow' }],
      },
    },
  ],
  [false, { policy: { preset: 'lax' } }],
  [false, { policy: { rules: [{ name: 'r', match: { comand: 'x' }, action: 'allow' }] } }],
  [true, { policy: { limits: [{ name: 'l', changes: 5, per: '10m' }] } }],
  [false, { policy: { limits: [{ name: 'l', changes: 5, per: '10 minutes' }] } }],
  [true, { roles: { r: { risks: ['read'], toolsets: ['compute'] } } }],
  [false, { roles: { r: { risk: ['read'] } } }],
  [true, { principals: { alice: { role: 'admin' } } }],
  [false, { principals: { alice: {} } }],
  [true, { auth: { tokens: { robot: digest, other: [digest, digest] } } }],
  [false, { auth: { tokens: { robot: 'secret' } } }],
  [true, { prompts: { patch: { description: 'd', text: 't' } } }],
  [false, { prompts: { patch: { text: 't' } } }],
  [true, { risks: { frobnicateCloud: { risk: 'read' } } }],
  [false, { risks: { frobnicateCloud: { risk: 'none' } } }],
])('the schema and the program agree (%s) on %j', async (isRight, content) => {
  expect([await isTaken({ simulator: true, ...content }), accepts({ simulator: true, ...content })]).toEqual([
    isRight,
    isRight,
  ]);
});
