import axe from 'axe-core';
import type { Page } from 'playwright-core';
import type { Checks } from '../checks.ts';
import type { Stage } from './stage.ts';

const views = [
  'overview',
  'approvals',
  'resources',
  'tools',
  'tools/deploy-virtual-machine',
  'activity',
  'health',
  'account',
  'plans',
];
const widths = [320, 768, 1280, 1920];

/** Waits until a view has what it asked for. */
export const settle = async (page: Page): Promise<void> => {
  await page.waitForLoadState('load');
  await page.getByText('Loading…').first().waitFor({ state: 'detached' });
};

/** What axe finds against WCAG 2.2 AA. */
export const problemsOf = async (page: Page): Promise<string[]> => {
  await page.evaluate(axe.source);
  const found = await page.evaluate<string[]>(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))`,
  );
  return found;
};

/** Every view on every screen, in both colours; nothing sticks out, and nothing keeps anyone out. */
export const checkLooks = async (stage: Stage, { check }: Checks): Promise<void> => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await stage.signIn('alice', { colorScheme });
    const ask = async (name: string, data: object): Promise<Record<string, any>> => {
      const headers = { 'x-cloudstack-page': '1', origin: stage.origin };
      const response = await page.request.post(`${stage.origin}/page/api/${name}`, { headers, data });
      return (await response.json()) as Record<string, any>;
    };
    const idOf = async (tool: string, args: object): Promise<string> =>
      ((await ask('call', { tool, args })) as { rows: { id: string }[] }).rows[0]!.id;
    const machine = await idOf('list-virtual-machines', { name: 'web-1' });
    const vpc = await idOf('list-vpcs', {});
    for (const view of [...views, `resources/UserVm/${machine}`, `resources/Vpc/${vpc}`]) {
      const wide: number[] = [];
      await page.goto(`${stage.origin}/#/${view}`);
      for (const width of widths) {
        await page.setViewportSize({ width, height: 900 });
        await settle(page);
        if (await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth')) wide.push(width);
        // The layout is the same in the dark: one picture of each view shows its colours.
        if (colorScheme === 'dark' && width !== 1280) continue;
        const isForDocuments = width === 1280 && colorScheme === 'light';
        const name = view.replace(/\/.{36}$/, '-one').replaceAll('/', '-');
        await page.screenshot({
          path: `build/page/${name}-${width}-${colorScheme}.${isForDocuments ? 'png' : 'jpg'}`,
          fullPage: true,
          // To make a PNG takes a browser several times as long.
          ...(isForDocuments ? {} : { type: 'jpeg', quality: 80 }),
          timeout: 40_000,
        });
      }
      check(
        `${view}, ${colorScheme}: nothing sticks out at ${widths.join(', ')} px`,
        wide.length === 0,
        wide.join(' '),
      );
      const problems = await problemsOf(page);
      check(`${view}, ${colorScheme}: axe finds nothing`, problems.length === 0, problems.join(' | '));
    }
    await page.context().close();
  }
  const out = await (await stage.openContext()).newPage();
  await out.goto(stage.origin);
  await out.getByRole('heading', { name: 'CloudStack' }).waitFor();
  const problems = await problemsOf(out);
  check('signing in: axe finds nothing', problems.length === 0, problems.join(' | '));
};
