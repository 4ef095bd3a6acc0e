import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, test } from 'vitest';
import { checkHostFile, hostIds, platforms } from '../cli/host-files.ts';

const root = mkdtempSync(join(tmpdir(), 'cloudstack-hosts-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each(platforms)('on %s', (platform) => {
  test.each(hostIds)('%s: whatever stands in its file is kept, and back when the entry is removed', (id) =>
    checkHostFile({ platform, id, home: mkdtempSync(join(root, 'home-')) }, true),
  );
});
