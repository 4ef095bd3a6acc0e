import { expect, test } from 'vitest';
import { loadData } from '../../src/data.ts';
import { maskAnswer, maskSecrets } from '../../src/secrets/mask.ts';
import { isSecretName } from '../../src/secrets/names.ts';
import { scrubSecrets } from '../../src/secrets/scrub.ts';
import { maskText, secretsInText } from '../../src/secrets/text.ts';

const m = '••••••';

test.each(
  `password userpassword adminPassword pwd db_pwd passcode pin ipmi.pw pass pass.phrase credentials bearer authorization auth otp
   sshkey rootpw x-api-key jwt refresh_token id_token secretaccesskey aws_secret_access_key connectionString kubeconfig cookie
   snmp.community cert_key pem zonetoken X-Amz-Signature sig security.singlesignon.key cloudian.sso.key session_id`
    .split(/\s+/)
    .map((name) => [name]),
)('%s names a secret', (name) => {
  expect(isSecretName(name)).toBe(true);
});

test.each(
  `name id apikeyaccess passwordenabled publickey keypair certificate keyboard sortkey bypass bypassvlanoverlapcheck items system
   compass tokens.count passive pinned expectedcode icmpcode ssh.key.length`
    .split(/\s+/)
    .map((name) => [name]),
)('%s names none', (name) => {
  expect(isSecretName(name)).toBe(false);
});

test.each([
  ['https://TOKEN@host/x', `https://${m}@host/x`],
  ['rbd://user:p@ss@host/pool', `rbd://${m}@host/pool`],
  ['cifs://u:p/s?s@host/x next', `cifs://${m}@host/x next`],
  ['http://host:8080/a@b', 'http://host:8080/a@b'],
  ['see https://host/x?X-Amz-Signature=abc&y=1', `see https://host/x?X-Amz-Signature=${m}&y=1`],
  ['https://host/x?sig=a%2Bb&se=2', `https://host/x?sig=${m}&se=2`],
  ['smb://h/x?user=a;password=bxq9', `smb://h/x?user=a;password=${m}`],
  ['login with password=hunter2, then', `login with password=${m}, then`],
  ['{"token": "abc"', `{"token": "${m}"`],
  ["pwd: 'a b c'", `pwd: '${m}'`],
  ['Unable to verify user credentials: wrong.', 'Unable to verify user credentials: wrong.'],
  ['Authorization: Bearer abcdefghijklmnop', `Authorization: Bearer ${m}`],
  ['a eyJhbGciOiJI.eyJzdWIiOiIx.c2ln b', `a ${m} b`],
  ['-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- x', `${m} x`],
  ['the password was set to S3cret-x, then', `the password was set to ${m}, then`],
  ['tool --password S3cret-x -v', `tool --password ${m} -v`],
  ['machine h login u password S3cret-x', `machine h login u password ${m}`],
  ['The password is required for this user', 'The password is required for this user'],
  ['Resetting the password for VM i-2-10-VM', 'Resetting the password for VM i-2-10-VM'],
  [
    'secret key of user 5f0f2d3c-0000-4000-8000-000000000001',
    'secret key of user 5f0f2d3c-0000-4000-8000-000000000001',
  ],
  [`ALTER USER x WITH PASSWORD 'S3cret-x'`, `ALTER USER x WITH PASSWORD '${m}'`],
  ['mysql -u root -pS3cret-x', `mysql -u root -p${m}`],
  ['curl -u admin:S3cret-x http://h', `curl -u admin:${m} http://h`],
  ['<a><ns:Password type="x">S3cret</ns:Password></a>', `<a><ns:Password type="x">${m}</ns:Password></a>`],
  ['<key>password</key><value>S3cret</value>', `<key>password</key><value>${m}</value>`],
  ['<name>web-1</name><value>x</value>', '<name>web-1</name><value>x</value>'],
  ['password=>S3cret', `password=>${m}`],
  ['password="a\\"S3cret" x', `password="${m}" x`],
  ['{"password":["S3cret","b"],"a":1} x', `{"password":${m},"a":1} x`],
  ['password: |\n  S3cret\n\n  more\nname: x', `password: ${m}\nname: x`],
  ['chpasswd:\n  list: |\n    root:S3cret', `chpasswd:\n  ${m} |\n    root:${m}`],
  ['Result: {\\"password\\":\\"S3cret\\"}', m],
  ['x?to=a%26password%3DS3cret', m],
  ['x?to=a%26name%3Dweb', 'x?to=a%26name%3Dweb'],
  ['password＝S3cret', m],
  ['Passwort: S3cret-x', `Passwort: ${m}`],
  ['contraseña=S3cret', m],
  ['Cookie: a=b; sid=S3cret', `Cookie: ${m}`],
  ['Authorization: ApiKey S3cret x', `Authorization: ApiKey ${m}`],
  ['DefaultEndpointsProtocol=https;AccountKey=S3cret==;x=y', `DefaultEndpointsProtocol=https;AccountKey=${m};x=y`],
  ['client-key-data: UzNjcmV0', `client-key-data: ${m}`],
  ['-----BEGIN PGP PRIVATE KEY BLOCK-----\nMII\n-----END PGP PRIVATE KEY BLOCK----- x', `${m} x`],
  ['glpat-abcdefghij1234567890', m],
  ['key MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw', `key ${m}`],
  [
    'certificate MIIEvjCCA6agAwIBAgIQBtjZBNVYQ0b2ii+nVCJ+xDANBgkq',
    'certificate MIIEvjCCA6agAwIBAgIQBtjZBNVYQ0b2ii+nVCJ+xDANBgkq',
  ],
  ['event SG.AUTH.INGRESS of sk-production-web-server-1', 'event SG.AUTH.INGRESS of sk-production-web-server-1'],
  ['root:$6$abcdefgh$0123456789abcdef:19000:0', `root:${m}:19000:0`],
  ['admin:S3cret@db.example.com:3306/x', `admin:${m}@db.example.com:3306/x`],
  [`got ${Buffer.from('#!/bin/sh\necho hello > /root/x').toString('base64')} now`, `got ${m} now`],
  [`got ${Buffer.from('db:\n  password=S3cret\n').toString('base64')} now`, `got ${m} now`],
  ['got H4sIAAAAAAAAA0vOzy0oSi0u now', `got ${m} now`],
  ['/var/lib/libvirt/images/0123456789abcdef', '/var/lib/libvirt/images/0123456789abcdef'],
  ['sha256 of it: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b', 'sha256 of it: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b'],
  ['2026-01-01T10:00:00+0000', '2026-01-01T10:00:00+0000'],
  ['a=b, c: d', 'a=b, c: d'],
])('%s is shown as %s', (text, shown) => {
  expect(maskText(text)).toBe(shown);
  expect(secretsInText(text).every((secret) => !shown.includes(secret))).toBe(true);
});

const textsIn = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : value && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];

test('what says nothing secret stays as it is: our own texts, those of events and errors, what people ask for', () => {
  const files = ['texts', 'errors', 'hints', 'event-texts', 'risk-review', 'phrasings', 'installation'];
  const texts = files.flatMap((name) => textsIn(loadData(`${name}.json`)));
  expect(texts.length).toBeGreaterThan(10_000);
  expect(texts.filter((text) => maskText(text) !== text)).toEqual([
    // An example of a secret.
    'Access to the counter: rows name, value, such as snmpcommunity = public, snmpport = 161',
  ]);
});

test.each([
  [
    { name: 'ldap.bind.password', value: 'x' },
    { name: 'ldap.bind.password', value: m },
  ],
  [
    { name: 'network.stats', value: 'x', category: 'Secure' },
    { name: 'network.stats', value: m, category: 'Secure' },
  ],
  [
    { name: 'project.smtp.useAuth', value: 'false' },
    { name: 'project.smtp.useAuth', value: 'false' },
  ],
  [
    { key: 'any', value: 'x', password: true },
    { key: 'any', value: m, password: true },
  ],
  [{ text: '{"password":"x","a":1}' }, { text: `{"password":"${m}","a":1}` }],
  [{ text: '{ "a" : 1 }' }, { text: '{ "a" : 1 }' }],
  [{ details: { 'ipmi.pw': 'x', cpu: '2' } }, { details: { 'ipmi.pw': m, cpu: '2' } }],
])('%j is shown as %j', (value, shown) => {
  expect(maskSecrets(value)).toEqual(shown);
});

test('a job is masked by the class that ran it, by any command where that is unknown', () => {
  const jobs = (cmd?: string) => maskSecrets({ cmd, jobresult: { template: { url: 'http://host/link', name: 'x' } } });
  expect(jobs('org.apache.cloudstack.api.command.user.template.ExtractTemplateCmd').jobresult.template.url).toBe(m);
  expect(
    jobs('org.apache.cloudstack.api.command.admin.template.ExtractTemplateCmdByAdmin').jobresult.template.url,
  ).toBe(m);
  expect(jobs().jobresult.template.url).toBe(m);
  expect(jobs('org.apache.cloudstack.api.command.user.vm.StartVMCmd').jobresult.template.url).toBe('http://host/link');
  expect(maskAnswer({ url: 'http://host/link' }, 'queryAsyncJobResult', {}, String).url).toBe(m);
});

test('what nests too deeply is masked, not read', () => {
  let deep: unknown = { password: 'x' };
  for (let n = 0; n < 5000; n++) deep = [deep];
  expect(JSON.stringify(maskSecrets(deep)).includes('"x"')).toBe(false);
});

const secret = 'Grün &"<Käfer>\'9/+ ü';
const hex = Buffer.from(secret).toString('hex');
test.each([
  ['as it is', secret],
  ['in JSON', JSON.stringify(secret)],
  ['as HTML', 'Grün &amp;&quot;&lt;Käfer&gt;&#39;9/+ ü'],
  ['as \\u escapes', 'Gr\\u00fcn &\\"<K\\u00e4fer>\'9/+ \\u00fc'],
  ['percent-encoded', encodeURIComponent(secret)],
  ['percent-encoded in lower case', encodeURIComponent(secret).toLowerCase()],
  ['encoded twice', encodeURIComponent(encodeURIComponent(secret))],
  ['Base64', Buffer.from(secret).toString('base64')],
  ['hex', hex],
  ['hex in capitals', hex.toUpperCase()],
  ['in another letter case', secret.toUpperCase()],
  ['cut', `${secret.repeat(3).slice(0, 40)}`],
])('a secret is scrubbed %s', (_how, repeated) => {
  const scrubbed = scrubSecrets(`before ${repeated} after`, [secret, secret.repeat(3)]);
  expect(scrubbed).toMatch(/^before "?•+/);
  expect(scrubbed).not.toContain(repeated.slice(-6));
});

test('a secret that the end of a message cuts is scrubbed, a short one only as a word', () => {
  expect(scrubSecrets('x S3cret-Pass', ['S3cret-Password-9'])).toBe(`x ${m}`);
  expect(scrubSecrets('a cat in concat', ['cat'])).toBe(`a ${m} in concat`);
});
