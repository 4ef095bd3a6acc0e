import type { Frame, Page } from 'playwright-core';
import type { Checks } from '../checks.ts';
import { openAppHost } from './apps.ts';
import { settle } from './looks.ts';
import { callAs } from './people.ts';
import { openStage, type Stage } from './stage.ts';

/** What no name may become, or make of the page. */
const found = `(() => {
  const markup = [...document.querySelectorAll('main img, main script, main iframe, main form[action], main base, meta[http-equiv=refresh], main [onload], main [onerror], main style')];
  const links = [...document.querySelectorAll('main a[href]')].filter((a) => !a.getAttribute('href').startsWith('#'));
  const wide = document.documentElement.scrollWidth > innerWidth;
  const scripts = document.querySelectorAll('script').length;
  return [...markup, ...links].map((one) => one.outerHTML.slice(0, 100)).concat(wide ? ['it is ' + document.documentElement.scrollWidth + ' px wide'] : [], scripts > 1 ? [scripts + ' scripts'] : []);
})()`;

const width = 320;

interface PageAnswer {
  kinds?: { name: string; list: string }[];
  rows?: { id?: string }[];
  error?: object;
  plan?: { id: string };
}

const askAs = async (page: Page, stage: Stage, name: string, data: object): Promise<PageAnswer> => {
  const headers = { 'x-cloudstack-page': '1', origin: stage.origin };
  const response = await page.request.post(`${stage.origin}/page/api/${name}`, { headers, data });
  return (await response.json()) as PageAnswer;
};

/** The page over a cloud in which everything has a hostile name: each kind as a table and one of it, and every other view. */
const checkPage = async (stage: Stage, { check }: Checks): Promise<void> => {
  const page = await stage.signIn('alice', { viewport: { width, height: 800 } });
  const problems: string[] = [];
  const show = async (view: string): Promise<void> => {
    await page.evaluate(`location.hash = ${JSON.stringify(`#/${view}`)}`);
    // The view asks once it is drawn.
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
    await settle(page);
    for (const problem of await page.evaluate<string[]>(found)) problems.push(`${view}: ${problem}`);
  };
  const { kinds = [] } = await askAs(page, stage, 'kinds', {});
  let tables = 0;
  let cards = 0;
  for (const { name, list } of kinds) {
    const { rows = [] } = await askAs(page, stage, 'call', { tool: list, pagesize: 5 });
    if (!rows.length) continue;
    tables++;
    await show(`resources/${name}`);
    const [{ id } = {}] = rows;
    if (id === undefined) continue;
    cards++;
    await show(`resources/${name}/${id}`);
  }
  check(
    'hostile names: every kind of the seed as a table, and one of each',
    tables >= 60 && cards >= 60,
    `${tables} tables, ${cards} cards of ${kinds.length} kinds`,
  );

  const { rows: machines = [] } = await askAs(page, stage, 'call', { tool: 'list-virtual-machines' });
  const ids = machines.map(({ id }) => id!);
  await callAs(stage, 'rebootVirtualMachine', { id: ids[0] });
  await callAs(stage, 'destroyVirtualMachine', { id: ids[1], expunge: true });
  for (const view of [
    'overview',
    'approvals',
    'plans',
    'activity',
    'health',
    'account',
    'tools',
    'tools/stop-virtual-machine',
  ])
    await show(view);
  await page.screenshot({ path: 'build/page/hostile-form.png' });
  await show('approvals');
  const waits = await page.getByRole('article').count();
  check('hostile names: calls on such machines wait, and are shown', waits >= 2, `${waits} calls`);
  await page.screenshot({ path: 'build/page/hostile-approvals.png', fullPage: true });
  await show('resources/UserVm');
  await page.screenshot({ path: 'build/page/hostile-machines.png', fullPage: true });
  await page.setViewportSize({ width: 1280, height: 900 });
  for (const view of ['overview', 'approvals', `resources/UserVm/${ids[0]}`, 'activity']) await show(view);
  await page.screenshot({ path: 'build/page/hostile-calls.png', fullPage: true });
  check(
    'hostile names: none becomes markup, redirects elsewhere, or breaks the layout',
    !problems.length,
    problems.slice(0, 10).join(' | '),
  );
  await page.context().close();
};

/** The Apps over the same cloud. */
const checkApps = async (stage: Stage, { check }: Checks): Promise<void> => {
  const host = await openAppHost(stage);
  const problems: string[] = [];
  const look = async (name: string, frame: Frame): Promise<void> => {
    await frame.getByText('Loading…').first().waitFor({ state: 'detached' });
    for (const problem of await frame.evaluate<string[]>(found)) problems.push(`${name}: ${problem}`);
    await host.page.screenshot({ path: `build/page/app-hostile-${name}.png` });
  };
  const listed = async (tool: string): Promise<string[]> => {
    const { structuredContent } = await host.client.callTool({ name: 'read', arguments: { tool, fields: ['id'] } });
    return ((structuredContent as { items?: { id: string }[] }).items ?? []).map(({ id }) => id);
  };
  try {
    await look('overview', await host.show('cloud-overview', {}));
    const [network] = await listed('list-networks');
    await look('network-map', await host.show('network-map', { network }));
    const [vpc] = await listed('list-vpcs');
    await look('vpc-map', await host.show('network-map', { vpc }));
    for (const [at, tool] of [
      'list-virtual-machines',
      'list-events',
      'list-accounts',
      'list-projects',
      'list-tags',
      'list-templates',
    ].entries())
      await look(`table-${at}`, await host.show('read', { tool }));
    const table = await host.show('read', { tool: 'list-virtual-machines' });
    const [machine] = await listed('list-virtual-machines');
    await table.locator('tbody a').first().click();
    await table.getByRole('heading', { name: 'What can be done with it' }).waitFor();
    await look('card', table);
    const args = { tool: 'stop-virtual-machine', arguments: { id: machine } };
    await look('confirmation', await host.show('destroy', args, { withResult: false }));
    await look('change', await host.show('destroy', args));
    const calls = [{ tool: 'reboot-virtual-machine', arguments: { id: machine } }];
    await look('plan', await host.show('destroy', { calls, mode: 'plan' }));
    check('hostile names: inert in every App', !problems.length, problems.slice(0, 10).join(' | '));
  } finally {
    await host.close();
  }
};

/** Nothing that tenants call things becomes more than text, in any view of the page and in any App. */
export const checkHostileNames = async (program: string, checks: Checks): Promise<void> => {
  const { check, print } = checks;
  print('— hostile names');
  const stage = await openStage(program, { isHostile: true });
  try {
    await checkPage(stage, checks);
    await checkApps(stage, checks);
    const { texts = 0, commands = 0 } = stage.given() ?? {};
    check(
      'hostile names: they stood in the answers',
      texts > 1000,
      `${texts} texts in answers to ${commands} commands`,
    );
    check(
      'hostile names: no script, policy or dialog complained',
      !stage.complaints.length,
      stage.complaints.slice(0, 5).join(' | '),
    );
    check('hostile names: no request to another origin', !stage.foreign.length, stage.foreign.join(' '));
  } catch (error) {
    check('hostile names came to their end', false, String(error));
  } finally {
    await stage.close();
  }
};
