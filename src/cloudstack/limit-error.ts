import { loadResourceLimits } from '../catalog/resource-limits.ts';
import { toLabel } from '../text.ts';

// `toHumanReadableSize` puts a size in parentheses before the bytes.
const amount = String.raw`(?:\([^()]{0,40}\) )?\d+`;
const exceeded = new RegExp(
  String.raw`Type (?:= )?'(?<type>\w+)(?: \(tag: [^()]{0,80}\))?'[^:]{0,200}? for (?<whose>Account Name|Project Name|Domain Id) = (?<name>[^:]{1,200}?)(?: in Domain Id = \d+)? is exceeded: ` +
    String.raw`\w+ Resource Limit = (?<limit>${amount}), Current \w+ Resource Amount = (?<current>${amount}),` +
    String.raw`(?: Current (?:\w+ )?Resource Reservation = (?<reserved>${amount}),)? Requested Resource Amount = (?<requested>${amount})`,
);

const holders: Readonly<Record<string, string>> = {
  'Account Name': 'account',
  'Project Name': 'project',
  'Domain Id': 'domain',
};

/** What a limit that is reached says in numbers: whose it is, how much it allows, how much there is and was asked for. */
export const explainLimit = (text: string): string | undefined => {
  const found = exceeded.exec(text)?.groups;
  if (!found) return undefined;
  const { type = '', whose = '', name = '' } = found;
  const resource = loadResourceLimits().find((one) => one.type === type);
  const show = (value: string | undefined): string => {
    const digits = (value ?? '').replace(/^\([^()]*\) /, '');
    const number = resource?.bytes ? Math.round((Number(digits) / 2 ** 30) * 100) / 100 : digits;
    return resource?.unit ? `${number} ${resource.unit}` : String(number);
  };
  const title = resource?.title ?? type;
  const reserved = Number(found['reserved'] ?? 0) > 0 ? ` (and ${show(found['reserved'])} reserved)` : '';
  return (
    `The limit of ${holders[whose]} ${toLabel(name)} is ${show(found['limit'])} of ${title}; it has ${show(found['current'])}${reserved}, ` +
    `and ${show(found['requested'])} more ${found['requested'] === '1' ? 'was' : 'were'} asked for. Free some, or an administrator raises it: ` +
    '[[list-resource-limits]] shows all limits, [[update-resource-limit]] changes one.'
  );
};
