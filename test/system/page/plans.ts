import type { Page } from 'playwright-core';
import type { Checks } from '../checks.ts';
import { problemsOf, settle } from './looks.ts';
import type { Stage } from './stage.ts';

const signInWithToken = async (stage: Stage): Promise<Page> => {
  const page = await (await stage.openContext()).newPage();
  await page.goto(stage.origin);
  await page.getByLabel('Token').fill(stage.token);
  await page.getByRole('button', { name: /token/ }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  return page;
};

/** A plan that a host made is looked at on the page, applied there, approved by someone else, and done. */
const checkPlan = async (stage: Stage, { check }: Checks): Promise<void> => {
  const host = await stage.openHost(stage.token);
  const calls = [
    { tool: 'update-virtual-machine', arguments: { id: 'db-1', displayname: 'First database' } },
    { tool: 'reboot-virtual-machine', arguments: { id: 'db-1' } },
  ];
  const { structuredContent } = await host.callTool({ name: 'destroy', arguments: { calls, mode: 'plan' } });
  await host.close();
  const { id } = (structuredContent as { plan: { id: string } }).plan;

  const alice = await stage.signIn('alice');
  await alice.goto(`${stage.origin}/#/plans/${id}`);
  await alice.getByRole('alert').waitFor();
  check("another's plan is not shown", !(await alice.locator('body').innerText()).includes('First database'));

  const page = await signInWithToken(stage);
  await page.getByRole('link', { name: 'Plans' }).click();
  await page.getByRole('link', { name: id }).click();
  await page.getByText('Everything is as it was').waitFor();
  const text = await page.locator('main').innerText();
  check(
    'a plan shows each step, its target, old and new',
    /updateVirtualMachine[\s\S]*→ First database[\s\S]*rebootVirtualMachine/.test(text),
    text.slice(0, 300),
  );
  const wide: number[] = [];
  for (const width of [320, 768, 1280, 1920]) {
    await page.setViewportSize({ width, height: 900 });
    await settle(page);
    if (await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth')) wide.push(width);
    await page.screenshot({ path: `build/page/plan-${width}.png`, fullPage: true });
  }
  check('a plan: nothing sticks out', !wide.length, wide.join(' '));
  const problems = await problemsOf(page);
  check('a plan: axe finds nothing', !problems.length, problems.join(' | '));
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByText('waits for approval under the code').waitFor();
  const bob = await stage.signIn('bob');
  await bob.getByRole('link', { name: 'Approvals' }).click();
  const card = bob.getByRole('article').filter({ hasText: 'A plan of 2 steps' });
  await card.getByRole('button', { name: 'Approve' }).click();
  await bob.getByText('was approved').waitFor();
  await page.getByText('applied').first().waitFor();
  check('applied there, it waits for someone else, and goes on by itself once approved', true);
  for (const one of [alice, page, bob]) await one.context().close();
};

/** The map of a VPC: as many boxes as the server names addresses, rules and machines. */
const checkVpc = async (stage: Stage, { check }: Checks): Promise<void> => {
  const page = await stage.signIn('alice');
  const ask = async (name: string, data: object): Promise<Record<string, any>> => {
    const headers = { 'x-cloudstack-page': '1', origin: stage.origin };
    const response = await page.request.post(`${stage.origin}/page/api/${name}`, { headers, data });
    return (await response.json()) as Record<string, any>;
  };
  const { rows } = (await ask('call', { tool: 'list-vpcs' })) as { rows: { id: string }[] };
  const boxes: string[] = [];
  for (const { id } of rows) {
    const { addresses, machines } = await ask('network-map', { vpc: id });
    const rules = (addresses as { rules: unknown[] }[]).reduce((sum, one) => sum + one.rules.length, 0);
    const named = (addresses as unknown[]).length + rules + (machines as unknown[]).length;
    await page.goto(`${stage.origin}/#/resources/Vpc/${id}`);
    await page.locator('svg.map').waitFor();
    const drawn = await page.locator('svg.map rect').count();
    if (drawn !== named || !named) boxes.push(`${id}: ${drawn} of ${named}`);
  }
  await page.screenshot({ path: 'build/page/vpc-map.png', fullPage: true });
  check('the map of each VPC draws what it names', rows.length > 0 && !boxes.length, boxes.join(' '));
  await page.context().close();
};

/** The page's own view of plans, and its map of a VPC. */
export const checkPlans = async (stage: Stage, checks: Checks): Promise<void> => {
  await checkPlan(stage, checks);
  await checkVpc(stage, checks);
};
