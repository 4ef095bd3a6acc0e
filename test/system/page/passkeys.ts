import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright-core';
import type { Checks } from '../checks.ts';
import { problemsOf, settle } from './looks.ts';
import { callAs } from './people.ts';
import { openStage, type Stage } from './stage.ts';

/** An authenticator of the browser's own, in which a person is there and verified until they are not. */
const addAuthenticator = async (page: Page): Promise<{ session: CDPSession; authenticatorId: string }> => {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { session, authenticatorId };
};

const open = async (page: Page, stage: Stage, view: string): Promise<void> => {
  await page.goto(`${stage.origin}/#/${view}`);
  await settle(page);
};

/** The receipt that the page gives of an approved call, verified where there is nothing but the file and the public key. */
const checkReceipt = async (page: Page, stage: Stage, { check }: Checks): Promise<void> => {
  await open(page, stage, 'health');
  const key = (await page.getByText(/^ed25519:/).innerText()).trim();
  await open(page, stage, 'activity');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page
      .getByRole('button', { name: /^Receipt of destroyVirtualMachine/ })
      .first()
      .click(),
  ]);
  const file = join('build', 'page', 'approval.receipt');
  await download.saveAs(file);
  const printed = execFileSync(process.execPath, ['dist/main.js', 'receipt', 'verify', file, '--key', key], {
    encoding: 'utf8',
    env: {},
  });
  check(
    'the page gives a receipt, which is verified with the public key alone',
    printed.includes('genuine') && printed.includes('‹alice› (passkey)'),
    printed.slice(0, 300),
  );
};

/** People approve with passkeys, on a page that has a name. */
export const checkPasskeys = async (program: string, checks: Checks): Promise<void> => {
  const { check, print } = checks;
  print('— passkeys');
  const stage = await openStage(program, { name: 'localhost', policy: { passkey: ['critical'] } });
  try {
    const args = { id: 'web-1', expunge: true };
    const first = await callAs(stage, 'destroyVirtualMachine', args);
    check('a critical call waits for a passkey', first.text.includes('with a passkey'), first.text.slice(0, 200));

    const page = await stage.signIn('alice');
    const { session, authenticatorId } = await addAuthenticator(page);
    const card = page.getByRole('article').filter({ hasText: 'destroyVirtualMachine' });
    const approve = async (): Promise<void> => {
      await open(page, stage, 'approvals');
      await card.getByLabel(/double quotes/).fill('web-1');
      await card.getByRole('button', { name: 'Approve with a passkey' }).click();
    };
    await approve();
    await card.getByText('You have no passkey here').waitFor();
    check('without a passkey no one approves it', true);

    await open(page, stage, 'account');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByRole('button', { name: /^Remove the passkey/ }).waitFor();
    await page.screenshot({ path: 'build/page/passkeys.png', fullPage: true });
    const problems = await problemsOf(page);
    check('alice adds a passkey; axe finds nothing', problems.length === 0, problems.join(' | '));

    await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await approve();
    await card.getByRole('alert').waitFor();
    check(
      'who is not verified does not approve',
      !(await callAs(stage, 'destroyVirtualMachine', args)).text.includes('done'),
    );
    await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
    await approve();
    await page.getByText('was approved').waitFor();
    const second = await callAs(stage, 'destroyVirtualMachine', args);
    check('approved with her passkey, the same call goes', !second.isError, second.text.slice(0, 200));
    await open(page, stage, 'activity');
    await page.getByText('alice (passkey)').first().waitFor();
    check('the audit log says that a passkey signed it', true);
    await checkReceipt(page, stage, checks);

    await open(page, stage, 'account');
    await page.getByRole('button', { name: /^Remove the passkey/ }).click();
    await page.getByText('None. Calls').waitFor();
    check('she removes it with its own agreement', true);
    check('passkeys: no script, policy or dialog complained', !stage.complaints.length, stage.complaints.join(' | '));
    check('passkeys: no request to another origin', !stage.foreign.length, stage.foreign.join(' '));
  } catch (error) {
    check('passkeys came to its end', false, String(error));
  } finally {
    await stage.close();
  }
};
