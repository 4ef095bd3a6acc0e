import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createRules } from '../../src/app/guard.ts';
import { loadConfig } from '../../src/config/config.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { loadToolsets } from '../../src/catalog/tool.ts';

const text = readFileSync('docs/policy.md', 'utf8');
const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => yaml);

test('the document has its examples', () => {
  expect(examples.length).toBeGreaterThanOrEqual(6);
});

test.each(examples)('an example is taken as it stands: %s', async (yaml) => {
  const file = join(mkdtempSync(join(tmpdir(), 'cloudstack-doc-')), 'config.yaml');
  writeFileSync(file, yaml);
  const config = await loadConfig({ config: file, simulator: true }, {});
  expect(createRules(config).policy.name).toBe('operator');
  // What it names is there.
  const named = JSON.stringify(parse(yaml));
  for (const [, list = ''] of named.matchAll(/"toolsets?":\[([^\]]*)\]/g))
    for (const name of JSON.parse(`[${list}]`) as string[])
      expect(loadToolsets().map((set) => set.name)).toContain(name);
  for (const [, list = ''] of named.matchAll(/"command":\[([^\]]*)\]/g))
    for (const name of JSON.parse(`[${list}]`) as string[]) expect(loadCatalog().find(name), name).toBeDefined();
});
