import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { loadData } from '../../src/data.ts';
import { loadPlans } from '../../src/diagnose/plans.ts';
import { createSearch } from '../../src/search/search.ts';

/** Questions that no command answers, and what does. None stands in data/lead-phrasings.json. */
const questions: [asked: string, lead: string][] = [
  ["why can't I reach my web server", 'diagnose machine'],
  ['why can nobody reach it', 'diagnose machine'],
  ['my instance does not answer ping', 'diagnose machine'],
  ['why will web01 not start', 'diagnose machine'],
  ['why is my vm so slow', 'diagnose machine'],
  ['ssh to the instance times out', 'diagnose machine'],
  ['why will the machine not migrate', 'diagnose machine'],
  ['why do my machines have no internet', 'diagnose network'],
  ['what is wrong with this guest network', 'diagnose network'],
  ['port forwarding on the public ip does not work', 'diagnose address'],
  ['why does our public ip not answer', 'diagnose address'],
  ["why can't this volume be attached", 'diagnose volume'],
  ['why can this disk not be deleted', 'diagnose volume'],
  ['why is my template still not ready', 'diagnose template'],
  ['why does this job hang', 'diagnose job'],
  ['why did my job fail', 'diagnose job'],
  ['why does host kvm-3 not empty', 'diagnose host'],
  ['why is host kvm-3 down', 'diagnose host'],
  ['what is wrong with the virtual router', 'diagnose router'],
  ['why is the console proxy not running', 'diagnose system VM'],
  ['why is zone berlin full', 'diagnose zone'],
  ['why can this tenant not create any more machines', 'diagnose account'],
  ['is my cloud healthy', 'health-check'],
  ['is everything in the cloud ok', 'health-check'],
  ['what did this cost us', 'account-cost'],
  ['how much did account acme cost last month', 'account-cost'],
  ['when do we run out of room', 'capacity-review'],
  ['do we have to buy more hardware', 'capacity-review'],
  ['what of ours is open to the internet', 'exposure-review'],
  ['which machines are exposed to the world', 'exposure-review'],
  ['how do I onboard a new tenant', 'onboard-tenant'],
  ['can we upgrade cloudstack now', 'upgrade-check'],
  ['do the backups really work', 'backup-drill'],
  ['what can we clean up', 'clean-up'],
  ['which resources does nobody use', 'clean-up'],
];

const search = createSearch(loadCatalog());

test('a question that no command answers leads to what answers it, in at least 9 of 10', () => {
  const missed = questions.filter(([asked, lead]) => search(asked, { limit: 5 }).lead?.lead.name !== lead);
  expect(missed.length / questions.length, JSON.stringify(missed)).toBeLessThanOrEqual(0.1);
});

test.each([
  'list virtual machines',
  'start a vm',
  'delete a volume',
  'open port 443',
  'create an account',
  'listHosts',
  'put a host into maintenance',
  'upgrade a router',
  'restore a backup',
])('"%s" is answered by a command', (asked) => {
  expect(search(asked, { limit: 5 }).lead).toBeUndefined();
});

test('every lead goes somewhere, and every kind of diagnosis and every prompt has one', () => {
  const leads = loadData<{ name: string; prompt?: string; args?: { kind: string } }[]>('leads.json');
  const prompts = loadData<{ name: string }[]>('prompts.json').map(({ name }) => name);
  expect(leads.flatMap(({ prompt }) => prompt ?? []).sort()).toEqual(prompts.sort());
  expect(leads.flatMap(({ args }) => args?.kind ?? []).sort()).toEqual(
    loadPlans()
      .map(({ kind }) => kind)
      .sort(),
  );
});
