import type { Checks } from '../checks.ts';
import type { Stage } from './stage.ts';

/** What strangers try against someone who is signed in. */
export const checkAttacks = async (stage: Stage, { check }: Checks): Promise<void> => {
  const page = await stage.signIn('alice');
  const evil = await page.context().newPage();
  // Another site, on which anything may run.
  const site = stage.provider.issuer.replace('127.0.0.1', 'localhost');
  await evil.goto(`${site}/authorize?redirect_uri=http://localhost/&state=x`);
  const forged = (headers: object, mode: string): Promise<string> =>
    evil.evaluate<string>(
      `fetch('${stage.origin}/page/api/call', { method: 'POST', mode: '${mode}', credentials: 'include',
         headers: ${JSON.stringify(headers)}, body: '{"tool":"list-zones"}' }).then(({ type }) => type, () => 'refused')`,
    );
  const asPage = await forged({ 'content-type': 'application/json', 'x-cloudstack-page': '1' }, 'cors');
  check('another site cannot ask what the page asks', asPage === 'refused', asPage);
  const blind = await forged({}, 'no-cors');
  check('and reads nothing of what it sends blindly', blind === 'opaque' || blind === 'refused', blind);
  await evil.evaluate(
    `document.body.append(Object.assign(document.createElement('iframe'), { src: '${stage.origin}' }))`,
  );
  await evil.waitForLoadState('networkidle');
  const framed = evil.frames().filter((frame) => frame.url().startsWith(stage.origin)).length;
  check('no other page frames this one', framed === 0, String(framed));
  const { port } = new URL(stage.provider.issuer);
  for (const path of [
    '//evil.example',
    '/%2f%2fevil.example',
    '/page/sign-in?next=https://evil.example',
    '/page/callback?code=x&state=y&redirect_uri=https://evil.example',
  ]) {
    const to = (await fetch(stage.origin + path, { redirect: 'manual' })).headers.get('location');
    const isOurs = to === null || to.startsWith('/#') || new URL(to).port === port;
    check(`${path} leads nowhere else`, isOurs, to?.split('?', 1)[0] ?? '');
  }
  const isSession = ({ name }: { name: string }): boolean => name.startsWith('cloudstack-page');
  const session = (await page.context().cookies(stage.origin)).find(isSession);
  const isShut = session?.httpOnly === true && session.sameSite === 'Strict';
  check('the session cookie is out of reach of scripts and of other sites', isShut);
  const seen = await page.evaluate<string>(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href, document.cookie, document.referrer])',
  );
  check(
    'no token in storage, address, referrer or a cookie that scripts read',
    !/eyJ|token|code=|cloudstack-page/.test(seen),
    seen,
  );
  const fixed = await (await stage.openContext()).newPage();
  const name = session?.name ?? 'cloudstack-page';
  await fixed.context().addCookies([{ name, value: 'A'.repeat(43), url: stage.origin }]);
  await fixed.goto(`${stage.origin}/page/sign-in`);
  await fixed.getByRole('link', { name: 'alice', exact: true }).click();
  await fixed.getByRole('heading', { name: 'Overview' }).waitFor();
  const values = (await fixed.context().cookies(stage.origin)).filter(isSession).map(({ value }) => value);
  check('a session id that someone else chose is not taken', !values.includes('A'.repeat(43)));
};
