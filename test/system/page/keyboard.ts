import type { Page } from 'playwright-core';
import type { Checks } from '../checks.ts';
import type { Stage } from './stage.ts';

const maxTabs = 150;

/** Presses Tab until what has the focus is called that; gives how often, or undefined where nothing is. */
const tabTo = async (page: Page, name: RegExp): Promise<number | undefined> => {
  for (let tabs = 1; tabs <= maxTabs; tabs++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(
      `(() => { const { innerText, labels } = document.activeElement; return (labels?.[0] ?? { innerText }).innerText.trim(); })()`,
    );
    if (name.test(focused)) return tabs;
  }
  return undefined;
};

/** What people do with a keyboard alone: try a tool out, and approve. */
export const checkKeyboard = async (stage: Stage, { check }: Checks): Promise<void> => {
  const alice = await stage.signIn('alice');
  const press = async (name: RegExp): Promise<void> => {
    const tabs = await tabTo(alice, name);
    check(`Tab reaches ${String(name)}`, tabs !== undefined, `${tabs ?? 'not'} presses`);
    await alice.keyboard.press('Enter');
  };
  await press(/^Tools$/);
  await alice.getByRole('searchbox').waitFor();
  await tabTo(alice, /What do you want to do/);
  await alice.keyboard.type('reboot a machine');
  await alice.getByRole('status').filter({ hasText: 'that fit' }).waitFor();
  await press(/^reboot-virtual-machine$/);
  await alice.getByLabel('id (required)').waitFor();
  await tabTo(alice, /^id/);
  await alice.keyboard.type('web-1');
  await press(/^Show the request$/);
  await alice.getByText('This would be sent').waitFor();
  await press(/^Run$/);
  await alice.getByText('waits for approval').waitFor();
  check('a call is tried out and made without a mouse', true);

  const bob = await stage.signIn('bob');
  await tabTo(bob, /^Approvals/);
  await bob.keyboard.press('Enter');
  await bob.getByRole('button', { name: 'Approve' }).first().waitFor();
  await tabTo(bob, /^Approve$/);
  await bob.keyboard.press('Enter');
  await bob.getByText('was approved').waitFor();
  check('a call is approved without a mouse', true);
  for (const page of [alice, bob]) await page.context().close();
};
