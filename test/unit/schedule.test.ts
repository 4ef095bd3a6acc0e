import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { validate } from '../../src/validate/validate.ts';
import { id, limits, request } from './calls.ts';

const policy = { volumeid: id, maxsnaps: 3, timezone: 'Europe/Berlin' };
const notesOf = (tool: string, args: Record<string, unknown>): readonly string[] =>
  validate(loadCatalog(), request(tool, args), limits).notes;

test.each([
  ['HOURLY', '30', 'every hour at minute 30'],
  ['daily', '30:03', 'every day 03:30'],
  ['WEEKLY', '30:03:1', 'every Sunday 03:30'],
  ['WEEKLY', '00:22:07', 'every Saturday 22:00'],
  ['MONTHLY', '5:4:28', 'on day 28 of every month 04:05'],
])('%s %s runs %s', (intervaltype, schedule, words) => {
  expect(notesOf('createSnapshotPolicy', { ...policy, intervaltype, schedule })).toEqual([
    `It runs ${words} Europe/Berlin.`,
  ]);
});

test.each([
  ['0 22 * * 1-5', 'every Monday to Friday 22:00'],
  ['30 3 * * 7', 'every Sunday 03:30'],
  ['30 3 * * SUN,wed', 'every Sunday, Wednesday 03:30'],
  ['0 0 1 * *', 'on day 1 of every month 00:00'],
  ['0 0 1 1 ?', 'on day 1 of January 00:00'],
  ['*/15 * * * *', 'every day every 15 minutes of every hour'],
  ['* * * * *', 'every day every minute'],
  ['5 8-17 * JUN *', 'in June at minute 5 of hour 8 to 17'],
  ['0 6 L * *', 'on day L of every month 06:00'],
])('cron %s runs %s', (schedule, words) => {
  expect(notesOf('createVMSchedule', { virtualmachineid: id, action: 'STOP', schedule, timezone: 'UTC' })).toEqual([
    `It runs ${words} UTC.`,
  ]);
});

test.each([
  ['WEEKLY', '30:03:0', /weekday from 1 \(Sunday\) to 7 \(Saturday\)/],
  ['WEEKLY', '30:03:8', /weekday/],
  ['WEEKLY', '30:03', /MM:HH:D/],
  ['MONTHLY', '30:03:29', /1 to 28/],
  ['DAILY', '30:24', /minute and hour/],
  ['HOURLY', '60', /the minute/],
])('%s %s is refused', (intervaltype, schedule, message) => {
  expect(() => notesOf('createSnapshotPolicy', { ...policy, intervaltype, schedule })).toThrow(message);
});

test.each(['0 22 * *', '0 22 * * 8', '60 0 * * *', '0 0 0 * *', '@daily', '0 22 * * MO', '0 0 * * 1-', '*/0 * * * *'])(
  'cron %s is refused',
  (schedule) => {
    expect(() =>
      notesOf('createVMSchedule', { virtualmachineid: id, action: 'STOP', schedule, timezone: 'UTC' }),
    ).toThrow(/five cron fields.*0 or 7 is Sunday/);
  },
);

// java.util.TimeZone.getTimeZone: "the specified TimeZone, or the GMT zone if the given ID cannot be understood".
test.each(['Europe/Berln', 'CEST', 'PDT', 'XYZ', '+02:00', 'GMT+2:5', 'UTC2', 'Berlin'])(
  'a time zone that CloudStack would read as GMT is refused: %s',
  (timezone) => {
    const call = { ...policy, intervaltype: 'HOURLY', schedule: '1', timezone };
    expect(() => notesOf('createSnapshotPolicy', call)).toThrow(/timezone must be a time zone such as Europe\/Berlin/);
  },
);

test.each([
  ['europe/berlin', 'Europe/Berlin'],
  ['EUROPE/BERLIN', 'Europe/Berlin'],
  [' Europe/Berlin ', 'Europe/Berlin'],
  ['utc', 'UTC'],
  ['pst', 'PST'],
  ['gmt+2', 'GMT+2'],
  ['UTC+02:00', 'GMT+02:00'],
  ['utc-5', 'GMT-5'],
])('a time zone that Java would read as GMT is sent as Java knows it: %s', (timezone, sent) => {
  const call = { ...policy, intervaltype: 'HOURLY', schedule: '1', timezone };
  expect(notesOf('createSnapshotPolicy', call).join(' ')).toMatch(
    new RegExp(`timezone was sent as CloudStack knows that time zone\\. .*${sent.replace('+', '\\+')}`),
  );
});

test.each([
  'Europe/Berlin',
  'Asia/Kolkata',
  'Africa/Dar_es_Salaam',
  'America/Port-au-Prince',
  'Etc/GMT+2',
  'PST',
  'CET',
  'GMT-11:30',
])('a time zone that Java knows is sent as it is: %s', (timezone) => {
  const call = { ...policy, intervaltype: 'HOURLY', schedule: '1', timezone };
  expect(notesOf('createSnapshotPolicy', call).join(' ')).not.toContain('was sent as');
});

const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';

test.each([
  ['uploadResourceIcon', { base64image: 'data:image/png;base64,iVBORw0K' }, { base64image: 'iVBORw0K' }, 1],
  ['uploadResourceIcon', { base64image: '<svg/>' }, { base64image: 'PHN2Zy8+' }, 1],
  ['uploadSslCert', { certificate: pem.replaceAll('\n', '\\n') }, { certificate: pem }, 1],
  ['uploadSslCert', { certificate: pem }, { certificate: pem }, 0],
  ['registerCniConfiguration', { cniconfig: 'a: b\n' }, { cniconfig: 'YTogYgo=' }, 1],
])('%s takes %j', (tool, args, sent, notes) => {
  const others = {
    uploadResourceIcon: { resourceids: [id], resourcetype: 'UserVm' },
    uploadSslCert: { name: 'x', privatekey: pem },
    registerCniConfiguration: { name: 'x' },
  }[tool];
  const call = validate(loadCatalog(), request(tool, { ...others, ...args }), limits);
  expect(call.params).toMatchObject(sent);
  expect(call.notes).toHaveLength(notes);
});

test.each([
  ['uploadResourceIcon', { resourceids: [id], resourcetype: 'UserVm', base64image: 'icon.png' }, /image as base64/],
  ['uploadSslCert', { name: 'x', certificate: 'MIIB', privatekey: pem }, /certificate must be PEM text/],
  ['uploadSslCert', { name: 'x', certificate: pem, privatekey: 'hunter2' }, /^privatekey must be PEM text[^"]*$/],
  ['registerSSHKeyPair', { name: 'x', publickey: '~/.ssh/id_ed25519.pub' }, /OpenSSH public key/],
  ['registerTemplate', { checksum: 'sha256:abc' }, /hexadecimal digits, \{ALGORITHM\}/],
])('%s refuses %j', (tool, args, message) => {
  expect(() => validate(loadCatalog(), request(tool, args), limits)).toThrow(message);
});

test('a size says its unit where it is refused', () => {
  expect(() => validate(loadCatalog(), request('createVolume', { snapshotid: id, size: '10 GB' }), limits)).toThrow(
    /size must be of type integer \(GiB, the number alone\), not .10 GB./,
  );
});
