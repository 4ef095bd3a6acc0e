import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maskSecrets } from '../../src/secrets/mask.ts';
import { isSecretName } from '../../src/secrets/names.ts';
import { mask } from '../../src/secrets/text.ts';
import { stripUnsafe, toLabel } from '../../src/text.ts';

test.each([
  ['right-to-left override', 'a\u202eb', 'ab'],
  ['isolates', 'a\u2066b\u2069', 'ab'],
  ['zero width', 'a\u200b\u200c\u200db\ufeff', 'ab'],
  ['tags', 'a\u{e0041}\u{e007f}b', 'ab'],
  ['variation selectors', 'a\ufe0fb', 'ab'],
  ['escape sequences', '\u001b[2Ja', '[2Ja'],
  ['C1 controls', 'a\u0085\u009bb', 'ab'],
  ['soft hyphen', 'a\u00adb', 'ab'],
  ['carriage return', 'a\r\nb', 'a\nb'],
  ['line separators', 'a\u2028b\u2029c', 'abc'],
  ['lone surrogates', 'a\ud800b', 'a\ufffdb'],
  ['line feed and tab stay', 'a\n\tb', 'a\n\tb'],
  ['other scripts and emoji stay', 'Zürich 東京 العربية 🙂', 'Zürich 東京 العربية 🙂'],
])('what hides or turns text is gone: %s', (_what, text, clean) => {
  expect(stripUnsafe(text)).toBe(clean);
});

test('whatever Unicode says is not shown or turns the direction is gone', () => {
  const hidden = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cc}\p{Zl}\p{Zp}]/u;
  const left: string[] = [];
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    if (hidden.test(character) && !'\n\t'.includes(character) && stripUnsafe(character) !== '')
      left.push(code.toString(16));
  }
  expect(left).toEqual([]);
});

test.each([
  ['a link', '[x](http://evil.example/a)'],
  ['an image', '![x](http://evil.example/a)'],
  ['an image without a scheme', '![x](//evil.example/a)'],
  ['an address', 'see https://evil.example/a'],
  ['an element', '<img src=//evil.example/a>'],
  ['an element in capitals', '<IMG SRC=//evil.example/a>'],
  ['the end of an element', '</div>'],
  ['a comment', '<!-- x'],
])('a host that renders Markdown makes nothing of %s in a label', (_what, text) => {
  expect(toLabel(text, 200)).not.toMatch(/\]\(|:\/\/|<[a-z!/?]/i);
});

test('a label is one line without double quotes, well formed and short, whatever a tenant called it', () => {
  expect(toLabel(' a "b"\n\tc ')).toBe("a 'b' c");
  expect(toLabel('x'.repeat(61))).toBe(`${'x'.repeat(59)}…`);
  expect(toLabel('x'.repeat(60))).toBe('x'.repeat(60));
  // A few marks are writing; a pile of them paints over what stands around.
  expect(toLabel(`Z${'\u0301'.repeat(60)}x`)).toBe(`Z${'\u0301'.repeat(4)}x`);
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom('"', '\n', '🙂', '\u202e', '\ud83d', 'é', ' '), fc.string({ unit: 'binary' }))),
      (parts) => {
        const label = toLabel(parts.join(''));
        expect(label).not.toMatch(/["\n\r]/);
        expect(label.isWellFormed()).toBe(true);
        expect([...label].length).toBeLessThanOrEqual(60);
      },
    ),
    { numRuns: 500 },
  );
});

test('the label of a long text is that of the whole, which is cut', () => {
  const pieces = ['"', '\n', '🙂', '\u202e', '\ud83d', 'é', ' ', '](', '://', '<b', '<', ':', ']', 'x'];
  const runs = fc.tuple(fc.constantFrom(...pieces, '\u0301'.repeat(6)), fc.integer({ min: 1, max: 200 }));
  fc.assert(
    fc.property(fc.array(runs, { maxLength: 6 }), fc.integer({ min: 3, max: 70 }), (parts, max) => {
      const text = parts.map(([piece, times]) => piece.repeat(times)).join('');
      const characters = [...toLabel(text, Infinity)];
      const cut = `${characters.slice(0, max - 1).join('')}…`;
      expect(toLabel(text, max)).toBe(characters.length > max ? cut : characters.join(''));
    }),
    { numRuns: 2000 },
  );
  expect([...toLabel('🙂'.repeat(100))]).toHaveLength(60);
});

test('a character that a label cuts is left out whole, so that what is shown can be typed', () => {
  for (let before = 50; before < 62; before++)
    expect(toLabel('x'.repeat(before) + '🙂'.repeat(10)).isWellFormed(), String(before)).toBe(true);
});

const secret = [
  'password',
  'userPassword',
  'secretkey',
  'apiKey',
  'api-key',
  'ipsecpsk',
  'root_password',
  'privatekey',
  'clientSecret',
  'userdata',
  'sessionkey',
  'passphrase',
];
const open = [
  'passwordenabled',
  'id',
  'name',
  'keypair',
  'key',
  'value',
  'tokens',
  'publickey',
  'keyword',
  'apikeyaccess',
];

test.each(secret)('%s is the name of a secret', (name) => expect(isSecretName(name)).toBe(true));
test.each(open)('%s is not the name of a secret', (name) => expect(isSecretName(name)).toBe(false));
// The second time the answer comes from memory.
test.each([...secret.map((name) => [name, true] as const), ...open.map((name) => [name, false] as const)])(
  '%s is judged the same again: %s',
  (name, is) => expect(isSecretName(name)).toBe(is),
);

test.each([
  ['a field', { password: 'x', name: 'n' }, { password: mask, name: 'n' }],
  ['deep inside', { a: [{ b: { secretkey: 'x' } }] }, { a: [{ b: { secretkey: mask } }] }],
  ['an object under a secret name', { password: { value: 'x' } }, { password: mask }],
  ['a number', { password: 1234 }, { password: mask }],
  ['a name and a value', { name: 'ldap.bind.password', value: 'x' }, { name: 'ldap.bind.password', value: mask }],
  ['a key and a value', [{ key: 'apikey', value: 'x' }], [{ key: 'apikey', value: mask }]],
  ['a value of something else', { name: 'expunge.delay', value: '20' }, { name: 'expunge.delay', value: '20' }],
  ['nothing to mask', { password: '', secretkey: null, apikey: true }, { password: '', secretkey: null, apikey: true }],
  ['plain text', 'password', 'password'],
])('masked: %s', (_what, value, expected) => {
  expect(maskSecrets(value as unknown)).toEqual(expected);
});

test('what a command answers with is masked for that command', () => {
  const endpoint = { url: 'https://console/?id=x', success: true };
  expect(maskSecrets(endpoint, 'createConsoleEndpoint')).toEqual({ url: mask, success: true });
  expect(maskSecrets(endpoint, 'listWebhooks')).toEqual(endpoint);
});

test.each([
  ['cifs://nas/share?user=admin&password=hunter2&domain=d'],
  ['rbd://admin:hunter2@ceph.example.com/pool'],
  ['https://bob:hunter2@images.example.com/a.qcow2'],
])('a password inside the address %s is masked, and the rest stays readable', (url) => {
  const shown = maskSecrets({ url });
  expect(JSON.stringify(shown)).not.toContain('hunter2');
  expect(shown.url).toContain(mask);
  expect(shown.url.slice(0, 6)).toBe(url.slice(0, 6));
});
