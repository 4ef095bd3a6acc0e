import { loadCatalog, type Catalog } from '../catalog/catalog.ts';
import { inReleases, releaseOf } from '../catalog/releases.ts';
import { loadResourceLimits, type LimitedResource } from '../catalog/resource-limits.ts';
import type { Tool } from '../catalog/tool.ts';
import { dataNote } from '../errors.ts';
import type { Guard } from '../guard/guard.ts';
import { toReadWire } from '../request/to-wire.ts';
import { itemOf, type Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { CallRequest, Outcome } from '../types.ts';
import type { Cloud, Composition } from './composition.ts';
import { recorded, type Run } from './run.ts';

const readCapabilities = async (cloud: Cloud, { request: { signal, caller }, deadline, record }: Run): Promise<Row> => {
  const tool = loadCatalog().find('listCapabilities')!;
  record({ command: tool.command.name, risk: tool.risk.risk });
  const options = {
    signal,
    principal: caller.principal,
    deadline: Date.now() + deadline.left(),
    wait: 0,
    onSent: () => record({ requests: 1 }),
  };
  return itemOf((await cloud.send(tool, toReadWire(tool, {}), options)).body);
};

/** What each limit of an account leaves, those without a limit in one word. */
const limitsOf = (account: Row): string | undefined => {
  const known = loadResourceLimits().filter(({ field }) => `${field}limit` in account);
  const isUnlimited = ({ field }: LimitedResource): boolean =>
    ['unlimited', '-1'].includes(String(account[`${field}limit`]).toLowerCase());
  const limited = known
    .filter((resource) => !isUnlimited(resource))
    .map(({ field, title, unit }) => {
      const values = [account[`${field}total`] ?? '?', 'of', account[`${field}limit`], unit ?? []].flat();
      return `${title} ${toLabel(values.map(String).join(' '))}`;
    });
  if (!known.length) return undefined;
  return limited.length < known.length
    ? [...limited, limited.length ? 'the rest unlimited' : 'none'].join(', ')
    : limited.join(', ');
};

const countByToolset = (tools: readonly Tool[]): string => {
  const counts = new Map<string, number>();
  for (const { toolset } of tools) counts.set(toolset, (counts.get(toolset) ?? 0) + 1);
  return [...counts].map(([toolset, count]) => `${toolset} ${count}`).join(', ');
};

/** How many commands of the cloud's release the account may call, and of which toolsets it lacks how many. */
const reachOf = (
  { catalog, discovery }: { catalog: Catalog; discovery: Cloud['discovery'] },
  release?: string,
): Row => {
  if (discovery === 'off' || discovery === 'failed') return { commands: 'unknown: listApis was not read' };
  const { tools } = loadCatalog();
  const released = tools.filter(({ command }) => release !== undefined && inReleases(command.releases, release));
  // Of a release that the catalog does not know, all that it knows is compared.
  const all = released.length ? released : tools;
  const lacking = all.filter(({ command }) => !catalog.find(command.name));
  const commands = `${all.length - lacking.length} of the ${all.length} known here${released.length ? ` for ${release}` : ''}`;
  return lacking.length
    ? {
        commands,
        cannot: `${lacking.length} commands, left out by the role or by a plugin that is off: ${countByToolset(lacking)}`,
      }
    : { commands };
};

const policyOf = ({ policy, limits }: ReturnType<Guard['rulesFor']>): string =>
  [policy, ...limits.map(({ name, changes, per }) => `${name}: ${changes} changes in ${per} s`)].join('; ');

/** Who a caller is to the cloud of its profile, and what it may do there: asked for now, whatever is cached. */
export const whoami = (composition: Composition, request: CallRequest): Promise<Outcome> =>
  recorded(composition, request, async (run) => {
    const { clouds, guard } = composition;
    const { caller } = run.request;
    const rules = guard.rulesFor(caller);
    const opened = await clouds.open(caller.profile);
    // First who it is: where that is refused, there is nothing else to ask.
    const [capabilities, account] = await Promise.all([readCapabilities(opened, run), opened.account({ fresh: true })]);
    const cloud = { ...opened, ...(await opened.discover()) };
    const release = releaseOf(String(capabilities['cloudstackversion'] ?? ''));
    const text = (value: unknown): string | undefined => (typeof value === 'string' ? toLabel(value) : undefined);
    const facts = {
      profile: caller.profile,
      cloud: cloud.origin.host,
      release: text(capabilities['cloudstackversion']) ?? 'unknown',
      account: text(account?.name) ?? 'unknown',
      domain: text(account?.domain) ?? 'unknown',
      role: [text(account?.roleName), account?.role].filter(Boolean).join(', type ') || 'unknown',
      ...reachOf(cloud, release),
      limits: account && limitsOf(account.row),
      here: `principal ${toLabel(caller.principal)}, role ${rules.role}, policy ${policyOf(rules)}`,
    };
    const item = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
    return {
      text: [
        `${facts.account} of ${facts.domain} on ${facts.cloud}`,
        ...Object.entries(item).map(([name, value]) => `${name}: ${String(value)}`),
        dataNote,
      ].join('\n'),
      structured: { item },
      rows: () => [item],
      columns: Object.keys(item),
    };
  });
