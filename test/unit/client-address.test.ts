import { expect, test } from 'vitest';
import { createClientAddresses } from '../../src/web/client-address.ts';

const trustedProxies = '10.0.0.0/8, 192.0.2.1,2001:db8:1::/48';

// Who came, what it said of others, and who counts.
test.each([
  ['203.0.113.7', undefined, '203.0.113.7'],
  ['::ffff:203.0.113.7', undefined, '203.0.113.7'],
  ['203.0.113.7', '198.51.100.1', '203.0.113.7'],
  ['10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['::ffff:10.1.2.3', ' 198.51.100.1 ', '198.51.100.1'],
  ['10.1.2.3', '198.51.100.9, 198.51.100.1', '198.51.100.1'],
  ['10.1.2.3', '198.51.100.1, 192.0.2.1', '198.51.100.1'],
  ['10.1.2.3', '10.9.9.9', '10.9.9.9'],
  ['10.1.2.3', 'unknown', '10.1.2.3'],
  ['10.1.2.3', '198.51.100.1, <script>', '10.1.2.3'],
  ['10.1.2.3', '', '10.1.2.3'],
  ['2001:db8:1::7', '2001:DB8:2:0:a::1', '2001:db8:2:0'],
  ['2001:db8:2::1', undefined, '2001:db8:2:0'],
  ['2001:db8:2:0:ffff::', undefined, '2001:db8:2:0'],
  ['fe80::1%eth0', undefined, 'fe80:0:0:0'],
  ['::1', undefined, '0:0:0:0'],
  [undefined, '198.51.100.1', ''],
])('%s, for %s: %s', (remote, forwarded, client) => {
  const { of } = createClientAddresses({ trustedProxies });
  expect(of(remote, new Headers(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }))).toBe(client);
});

test('a header of any length is read from its end, as far as a chain of proxies goes', () => {
  const { of } = createClientAddresses({ trustedProxies });
  const header = `${'198.51.100.1, '.repeat(10_000)}198.51.100.2`;
  expect(of('10.1.2.3', new Headers({ 'x-forwarded-for': header }))).toBe('198.51.100.2');
  expect(of('10.1.2.3', new Headers({ 'x-forwarded-for': '10.0.0.1,'.repeat(10_000) }))).toBe('10.1.2.3');
});

test.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '*', '2001:db8::/129'])(
  '%s is no proxy: the server does not start',
  (wrong) => {
    expect(() => createClientAddresses({ trustedProxies: wrong })).toThrow(/trustedProxies/);
  },
);
