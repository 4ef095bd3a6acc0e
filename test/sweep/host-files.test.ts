import { afterAll, describe, test } from 'vitest';
import { checkHostFile, hostIds, platforms } from '../cli/host-files.ts';
import { createHomes } from '../support/homes.ts';

const { newHome, close } = createHomes();
afterAll(close);

describe.each(platforms)('on %s', (platform) => {
  test.each(hostIds)('%s: whatever stands in its file is kept, and back when the entry is removed', (id) =>
    checkHostFile({ platform, id, home: newHome() }, true),
  );
});
