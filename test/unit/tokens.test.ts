import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { estimateTokens } from '../../src/present/tokens.ts';
import { openHost, startCloud, type Cloud, type Host } from '../support/harness.ts';

let cloud: Cloud;
let host: Host;
beforeAll(async () => {
  cloud = await startCloud({ vms: 60 });
  host = await openHost({ env: cloud.env });
});
afterAll(async () => {
  await host.close();
  await cloud.close();
});

test.each([
  ['listVirtualMachines', []],
  ['listVolumes', []],
  ['listVirtualMachines', ['*']],
  ['listServiceOfferings', ['*']],
  ['listEvents', []],
  ['listNetworks', ['*']],
  ['listApis', []],
  ['listTemplates', ['*']],
  ['listHosts', ['*']],
] as [string, string[]][])('the estimate for %s %j comes near what a model reads', async (tool, fields) => {
  const { text, structured } = await host.call('read', {
    tool,
    pagesize: 40,
    ...(fields.length ? { fields } : {}),
    arguments: {
      ...(/VirtualMachines|Volumes|Networks/.test(tool) ? { listall: true } : {}),
      ...(tool === 'listTemplates' ? { templatefilter: 'all' } : {}),
    },
  });
  for (const real of [text, JSON.stringify(structured['items'])]) {
    const ratio = estimateTokens(real) / encode(real).length;
    expect(encode(real).length).toBeGreaterThan(100);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.35);
  }
});

test.each([
  ['', 0],
  ['abcdef', 1],
  ['abcdefg', 2],
  ['123', 1],
  ['1234', 2],
  ['a b', 2],
  ['a | b', 3],
  ['ab12', 2],
  ['":"', 2],
  ['東京', 2],
])('%j counts %d', (text, tokens) => {
  expect(estimateTokens(text)).toBe(tokens);
});
