import { describe, expect, test } from 'vitest';
import { holds } from '../../src/ask/evaluate.ts';
import { ExpressionError, readExpression } from '../../src/ask/expression.ts';
import { limits } from '../../src/limits.ts';

const row = {
  name: 'Web-01',
  state: 'Running',
  memory: 2048,
  size: 107374182400,
  cpuused: '81.5%',
  vmtotal: 17,
  vmlimit: '20',
  volumelimit: 'Unlimited',
  created: '2026-01-22T10:00:00+0000',
  isready: false,
  hypervisor: '',
  nic: [{ ipaddress: '10.1.1.5', networkname: 'front' }, { ipaddress: '10.2.1.5' }],
  tags: [{ key: 'env', value: 'prod' }],
  details: { 'cpu.speed': '2000' },
};

const isField = (word: string): boolean => word.split('.')[0]! in row || word === 'missing';

describe('holds', () => {
  test.each<[string, boolean]>([
    ["state = 'running'", true],
    ['state == Running', true],
    ['state <> Running', false],
    ['memory >= 2048 and memory < 4096', true],
    ['memory > 4096 or name contains web', true],
    ['not state = Stopped', true],
    ['!(state = Running) || memory = 2048', true],
    ['state in (Stopped, "Running")', true],
    ['state not in [Stopped, Running]', false],
    ['name not contains db', true],
    ['size >= 100GiB', true],
    ["size > '100 GiB'", false],
    ['cpuused > 80%', true],
    ['vmtotal > 80% * vmlimit', true],
    ['vmtotal / vmlimit < 0.85', false],
    ['vmtotal + 3 = vmlimit', true],
    // No number, no order: unlimited is never exceeded.
    ['vmtotal > 0.8 * volumelimit', false],
    ['volumelimit > 5', false],
    ['created < 2026-02-01', true],
    ['created < "1 day ago"', true],
    ['created > "52 weeks ago" and created > 2027-01-01', false],
    ['isready', false],
    ['not isready', true],
    ['isready = false', true],
    ['hypervisor is null', true],
    ['missing = null', true],
    ['missing != x', true],
    ['missing > 1', false],
    ['missing in (a)', false],
    ['name is not empty', true],
    // One of several values is enough.
    ['nic.ipaddress = 10.2.1.5', true],
    ['nic.ipaddress contains 10.3', false],
    ['nic.networkname = front', true],
    ['tags contains env=prod', false],
    ["tags contains 'env=prod'", true],
    ['tags.value = prod', true],
    ['details.cpu.speed > 1500', true],
    // A tag by its key, parts of a date, how many values there are.
    ['tags.env = prod', true],
    ['tags.team is null', true],
    ['day(created) = 2026-01-22', true],
    ['month(created) = 2026-01 and year(created) = 2026', true],
    // 22 January 2026 is a Thursday.
    ['week(created) = 2026-01-19', true],
    ["hour(created) = '2026-01-22T10:00'", true],
    ['day(name) is null', true],
    ['Count( nic ) > 1 and count(tags) = 1 and count(missing) = 0', true],
    ["created < '2 months ago' or created > '50 years ago'", true],
    ["name = 'it\\'s'", false],
  ])('%s is %s', (text, expected) => {
    const read = (): boolean => holds(readExpression(text, isField), row);
    // A value with a mark of its own stands in quotes.
    if (text === 'tags contains env=prod') expect(read).toThrow(ExpressionError);
    else expect(read()).toBe(expected);
  });
});

test.each([
  ['', /missing before its end/],
  ['state = ', /missing before its end/],
  ['(state = Running', /\) is missing before its end/],
  ['state Running', /comparison is missing before "Running"/],
  ['state in Running', /\( or \[ is missing/],
  ['state is Running', /null is missing/],
  ['state = Running; drop', /";.* cannot be read/],
  ['process.exit()', /there is no process\.exit\(\); there are hour\(\), day\(\)/],
  ['mnth(created) = 2026-01', /there is no mnth\(\)/],
  ['sum(size) > 5', /sum\(\) is of groups; write it in group/],
  ['count(1) > 0', /a field is missing in count\(\)/],
  ['day(created', /\) is missing before its end/],
  ["state = 'Running", /cannot be read/],
  [`${'('.repeat(200)}a`, /nest deeper than/],
  [`${'not '.repeat(200)}a`, /nest deeper than/],
  ['a'.repeat(limits.query + 1), /more than 1000 characters/],
])('%s is refused', (text, problem) => {
  expect(() => readExpression(text, isField)).toThrow(ExpressionError);
  expect(() => readExpression(text, isField)).toThrow(problem);
});
