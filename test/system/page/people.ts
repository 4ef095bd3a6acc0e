import type { Page } from 'playwright-core';
import type { Checks } from '../checks.ts';
import type { Stage } from './stage.ts';

/** What stands on a page. */
const textOf = (page: Page): Promise<string> => page.locator('body').innerText();

interface Called {
  text: string;
  isError: boolean;
}

/** The robot's call of a command, as its host sees the answer. */
export const callAs = async (stage: Stage, tool: string, args: Record<string, unknown>): Promise<Called> => {
  const host = await stage.openHost(stage.token);
  const { content, isError } = await host.callTool({ name: 'destroy', arguments: { tool, arguments: args } });
  await host.close();
  return { text: content.map((part) => ('text' in part ? part.text : '')).join('\n'), isError: isError === true };
};

const signOut = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Sign in' }).waitFor();
};

/** People do on the page what it is for. */
export const checkPeople = async (stage: Stage, { check }: Checks): Promise<void> => {
  const alice = await stage.signIn('alice');
  await alice.getByText('CPU').first().waitFor();
  check('alice signs in at the identity provider and sees the overview', (await textOf(alice)).includes('Capacity'));

  await alice.getByRole('link', { name: 'Resources' }).click();
  await alice.getByRole('searchbox').fill('web-2');
  await alice.getByRole('button', { name: 'Search' }).click();
  await alice.getByRole('status').filter({ hasText: '1 of 1' }).waitFor();
  await alice.getByRole('link', { name: 'web-2' }).click();
  await alice.getByRole('heading', { name: /^volumes/ }).waitFor();
  check('she finds a machine, and sees what hangs on it', (await textOf(alice)).includes('nic'));

  await alice.getByRole('link', { name: 'Tools' }).click();
  await alice.getByRole('searchbox').fill('reboot a machine');
  await alice.getByRole('link', { name: 'reboot-virtual-machine', exact: true }).click();
  await alice.getByLabel('id (required)').fill('web-2');
  await alice.getByRole('button', { name: 'Show the request' }).click();
  await alice.getByText('This would be sent, unsigned').waitFor();
  check('she sees the request that a tool would send', (await textOf(alice)).includes('rebootVirtualMachine'));
  await alice.getByRole('button', { name: 'Run' }).click();
  await alice.getByText('waits for approval under the code').waitFor();
  check('her own call waits for approval', true);

  const own = await alice.context().newPage();
  await own.goto(`${stage.origin}/#/approvals`);
  await own.getByText('someone other than the one who asked').waitFor();
  check('she cannot approve it herself', (await own.getByRole('button', { name: 'Approve' }).count()) === 0);
  await own.close();

  const bob = await stage.signIn('bob');
  await bob.getByRole('link', { name: 'Approvals' }).click();
  await bob.getByRole('heading', { name: /rebootVirtualMachine/ }).waitFor();
  check('bob sees the call, its target and who asks', /web-2[\s\S]*alice/.test(await textOf(bob)));
  await bob.getByRole('button', { name: 'Approve' }).click();
  await bob.getByText('was approved').waitFor();
  await alice.getByRole('heading', { name: 'Answer' }).waitFor();
  check('bob approves, and the call goes on by itself', /succeeded|Running/.test(await textOf(alice)));
  await alice.getByRole('link', { name: 'Calls' }).click();
  await alice.getByRole('cell', { name: 'rebootVirtualMachine' }).first().waitFor();
  check('the audit names who approved', /rebootVirtualMachine[\s\S]{0,200}bob/.test(await textOf(alice)));
  await alice.getByRole('button', { name: 'Check the chain' }).click();
  await alice.getByText('unbroken').waitFor();
  check('the chain of the audit log is unbroken', true);

  const args = { id: 'web-2', expunge: true };
  const first = await callAs(stage, 'destroyVirtualMachine', args);
  check(
    'a call of a host that cannot ask waits',
    first.isError && first.text.includes('Approval code'),
    first.text.slice(0, 300),
  );
  await bob.getByRole('heading', { name: /destroyVirtualMachine/ }).waitFor();
  const card = bob.getByRole('article').filter({ hasText: 'destroyVirtualMachine' });
  const isCritical = (await card.getByLabel(/double quotes/).count()) > 0;
  if (isCritical) {
    check('a critical call wants its phrase', await card.getByRole('button', { name: 'Approve' }).isDisabled());
    await card.getByLabel(/double quotes/).fill('web-2');
  }
  await bob.screenshot({ path: 'build/page/approval.png', fullPage: true });
  await card.getByRole('button', { name: 'Approve' }).click();
  await bob.getByText('was approved').first().waitFor();
  const second = await callAs(stage, 'destroyVirtualMachine', args);
  check('approved, the same call goes when it is made again', !second.isError, second.text.slice(0, 200));

  const third = await callAs(stage, 'destroyVirtualMachine', { id: 'web-1' });
  const refused = bob.getByRole('article').filter({ hasText: 'web-1' });
  await refused.getByLabel(/Reason/).fill('not on a Friday');
  await refused.getByRole('button', { name: 'Refuse' }).click();
  await bob.getByText('was refused').waitFor();
  const fourth = await callAs(stage, 'destroyVirtualMachine', { id: 'web-1' });
  check(
    'refused, it is told who refused and why',
    third.isError && fourth.text.includes('bob') && fourth.text.includes('not on a Friday'),
    fourth.text.slice(0, 200),
  );

  await callAs(stage, 'rebootVirtualMachine', { id: 'web-1' });
  const robot = await (await stage.openContext()).newPage();
  await robot.goto(stage.origin);
  await robot.getByLabel('Token').fill(stage.token);
  await robot.getByRole('button', { name: /token/ }).click();
  await robot.getByRole('link', { name: 'Approvals' }).click();
  await robot.getByRole('heading', { name: /rebootVirtualMachine/ }).waitFor();
  check(
    'who signed in with a token approves no call of its own',
    (await robot.getByRole('button', { name: 'Approve' }).count()) === 0,
  );

  const vera = await stage.signIn('vera');
  await vera.getByRole('link', { name: 'Approvals' }).click();
  await vera.getByText('No call waits').waitFor();
  check('a viewer is shown no call that she could not make', true);
  await vera.goto(`${stage.origin}/#/tools/stop-virtual-machine`);
  await vera.getByLabel('id (required)').fill('web-1');
  await vera.getByRole('button', { name: 'Run' }).click();
  await vera.getByRole('alert').waitFor();
  check('a viewer is refused a change', (await textOf(vera)).includes('viewer'));
  await vera.getByRole('link', { name: 'Calls' }).click();
  await vera.getByText('Your calls').waitFor();
  check('a viewer sees her own calls only', !(await textOf(vera)).includes('alice'));
  await signOut(vera);
  const left = await vera.request.post(`${stage.origin}/page/api/call`, {
    headers: { 'x-cloudstack-page': '1', origin: stage.origin },
    data: { tool: 'list-zones' },
  });
  check('signed out, nothing is answered', left.status() === 401);

  const stranger = await (await stage.openContext()).newPage();
  await stranger.goto(`${stage.origin}/page/sign-in`);
  await stranger.getByRole('link', { name: 'stranger' }).click();
  await stranger.getByText('You have no role here').waitFor();
  check('whom no one gave a role is not let in', true);

  stage.provider.state.expires = 5;
  const brief = await stage.signIn('alice');
  stage.provider.state.expires = 300;
  await brief.getByText('Your session has ended').waitFor();
  check('a session ends with the token that it rests on', true);
};
