import { writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import type { Checks } from '../checks.ts';
import type { Stage } from './stage.ts';

const maxTabs = 150;

/** What was pressed and what had the focus then, with a picture of each step: build/page/keyboard.txt, keyboard-NN.png. */
const createRecording = () => {
  const lines: string[] = [];
  let pictures = 0;
  return {
    note: (line: string): void => void lines.push(line),
    picture: async (page: Page, line: string): Promise<void> => {
      const name = `keyboard-${String(++pictures).padStart(2, '0')}.png`;
      await page.screenshot({ path: `build/page/${name}` });
      lines.push(`${line} (${name})`);
    },
    save: (): void => writeFileSync('build/page/keyboard.txt', `${lines.join('\n')}\n`),
    pictures: () => pictures,
  };
};

const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(
    `(() => { const { innerText, labels } = document.activeElement; return (labels?.[0] ?? { innerText }).innerText.trim(); })()`,
  );

/**
 * Whether who looks sees where the focus is; a heading gets it when a view opens, and is seen to be there. Behind the last
 * element, as while a list is loaded, the browser itself has it, and the page's body stands for that.
 */
const isFocusSeen = (page: Page): Promise<boolean> =>
  page.evaluate<boolean>(
    `(() => { const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
      return ['H1', 'BODY'].includes(document.activeElement.tagName) || (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none'; })()`,
  );

/** The same, on a machine that draws late. */
const isFocusSoonSeen = async (page: Page): Promise<boolean> => {
  for (let looks = 0; looks < 20; looks++) {
    if (await isFocusSeen(page)) return true;
    await page.waitForTimeout(50);
  }
  return false;
};

/** What people do with a keyboard alone: try a tool out, and approve. */
export const checkKeyboard = async (stage: Stage, { check }: Checks): Promise<void> => {
  const recording = createRecording();
  const unseen: string[] = [];
  /** Presses Tab until what has the focus is called that; gives how often, or undefined where nothing is. */
  const tabTo = async (page: Page, name: RegExp): Promise<number | undefined> => {
    // A browser draws no focus in a window behind another.
    await page.bringToFront();
    for (let tabs = 1; tabs <= maxTabs; tabs++) {
      await page.keyboard.press('Tab');
      const now = await focused(page);
      recording.note(`Tab → ${now.split('\n', 1)[0]}`);
      if (!(await isFocusSoonSeen(page))) unseen.push(now);
      if (name.test(now)) return tabs;
    }
    return undefined;
  };
  const press = async (page: Page, name: RegExp): Promise<void> => {
    const tabs = await tabTo(page, name);
    check(`Tab reaches ${String(name)}`, tabs !== undefined, `${tabs ?? 'not'} presses`);
    await recording.picture(page, `Enter on ${String(name)}`);
    await page.keyboard.press('Enter');
  };
  const type = async (page: Page, name: RegExp, text: string): Promise<void> => {
    await tabTo(page, name);
    await page.keyboard.type(text);
    await recording.picture(page, `typed "${text}"`);
  };

  const alice = await stage.signIn('alice');
  recording.note('alice tries a tool out');
  await press(alice, /^Tools$/);
  await alice.getByRole('searchbox').waitFor();
  await type(alice, /What do you want to do/, 'reboot a machine');
  await alice.getByRole('status').filter({ hasText: 'that match' }).waitFor();
  await press(alice, /^reboot-virtual-machine$/);
  await alice.getByLabel('id (required)').waitFor();
  await type(alice, /^id/, 'web-1');
  await press(alice, /^Show the request$/);
  await alice.getByText('This would be sent').waitFor();
  await press(alice, /^Run$/);
  await alice.getByText('waits for approval').waitFor();
  await recording.picture(alice, 'it waits for approval');
  check('a call is tried out and made without a mouse', true);

  recording.note('bob approves it');
  const bob = await stage.signIn('bob');
  await press(bob, /^Approvals/);
  await bob.getByRole('button', { name: 'Approve' }).first().waitFor();
  await press(bob, /^Approve$/);
  await bob.getByText('was approved').waitFor();
  await recording.picture(bob, 'it was approved');
  check('a call is approved without a mouse', true);
  check('whatever has the focus is seen to have it', !unseen.length, unseen.join(' | '));
  recording.save();
  check(
    'the walk is recorded in build/page/keyboard.txt',
    recording.pictures() >= 9,
    `${recording.pictures()} pictures`,
  );
  for (const page of [alice, bob]) await page.context().close();
};
