import type { JSX } from 'preact';
import { useAsk } from '../ask.ts';
import { Loaded, Section } from '../parts.tsx';
import { linkTo } from '../router.ts';

interface DrawnRule {
  id: string;
  kind: string;
  protocol: string;
  port: string;
  privatePort: string;
  machines: string[];
}

/** How traffic comes in to a network or a VPC, as the server read it. */
export interface NetworkMapData {
  kind: string;
  name: string;
  cidr: string;
  state: string;
  tiers: { id: string; name: string; cidr: string }[];
  addresses: { id: string; address: string; use: string; rules: DrawnRule[]; open: string[] }[];
  machines: { id: string; name: string; state: string; address: string; tier: string }[];
  notSeen: string[];
  /** There is more than fits into an answer. */
  isCut?: boolean;
}

const row = 46;
const box = { width: 190, height: 36 };
const columns = { address: 10, rule: 255, machine: 500 };
const maxLetters = 26;
/** In a picture nothing clips what is piled up on a letter. */
const flat = (text: string): string => text.replace(/(\p{M}\p{M})\p{M}+/gu, '$1');
const cut = (text: string): string => {
  const letters = flat(text);
  return letters.length > maxLetters ? `${letters.slice(0, maxLetters - 1)}…` : letters;
};

const Box = ({
  x,
  y,
  title,
  note,
  tone = '',
  to,
}: {
  x: number;
  y: number;
  title: string;
  note: string;
  tone?: string;
  to?: string;
  key?: string;
}): JSX.Element => {
  const drawn = (
    // A picture of its own: what is too wide for it is clipped.
    <svg class={tone} x={x} y={y} width={box.width} height={box.height}>
      <title>{`${title}, ${note}`}</title>
      <rect x="0.5" y="0.5" width={box.width - 1} height={box.height - 1} rx="5" />
      <text x="8" y="15">
        {cut(title)}
      </text>
      <text x="8" y="29" class="quiet">
        {cut(note)}
      </text>
    </svg>
  );
  return to === undefined ? drawn : <a href={to}>{drawn}</a>;
};

const Line = ({ from, to, x }: { from: number; to: number; x: number; key?: string }): JSX.Element => {
  const [a, b] = [from + box.height / 2, to + box.height / 2];
  const [start, end] = [x + box.width, x + 245];
  return <path d={`M${start} ${a}C${start + 30} ${a} ${end - 30} ${b} ${end} ${b}`} />;
};

/** Public address → rule → machine, as a picture and in words. */
export const NetworkMap = ({ map }: { map: NetworkMapData }): JSX.Element => {
  const rules = map.addresses.flatMap((address) => address.rules.map((rule) => ({ ...rule, address: address.id })));
  // What a rule leads to stands beside it.
  const reached = rules.flatMap((rule) => rule.machines);
  const orderOf = (id: string): number => (reached.includes(id) ? reached.indexOf(id) : reached.length);
  const machines = [...map.machines].sort((a, b) => orderOf(a.id) - orderOf(b.id));
  const tops = (ids: readonly string[]) => new Map(ids.map((id, at) => [id, 10 + at * row]));
  const keyOf = (rule: DrawnRule): string => `${rule.kind} ${rule.id}`;
  const [addressTops, ruleTops, machineTops] = [
    tops(map.addresses.map(({ id }) => id)),
    tops(rules.map(keyOf)),
    tops(machines.map(({ id }) => id)),
  ];
  const height = 20 + row * Math.max(1, addressTops.size, ruleTops.size, machineTops.size);
  const tierOf = (id: string): string =>
    map.tiers.length > 1 ? (map.tiers.find((tier) => tier.id === id)?.name ?? '') : '';
  const inWords = rules.map((rule) => {
    const from = map.addresses.find(({ id }) => id === rule.address)?.address ?? '';
    const to = rule.machines.map((id) => map.machines.find((one) => one.id === id)?.name ?? id).join(', ');
    return `${from}: ${rule.kind} ${rule.protocol} ${rule.port} to ${to || 'no machine'}`;
  });
  return (
    <>
      <p class="quiet">
        {map.kind} {map.name} {map.cidr}, {map.state}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Map">
        <svg class="map" viewBox={`0 0 700 ${height}`} role="group" aria-label="Public address, rule, machine">
          {rules.map((rule) => (
            <Line
              key={keyOf(rule)}
              from={addressTops.get(rule.address)!}
              to={ruleTops.get(keyOf(rule))!}
              x={columns.address}
            />
          ))}
          {rules.flatMap((rule) =>
            rule.machines.flatMap((id) => {
              const to = machineTops.get(id);
              return to === undefined
                ? []
                : [<Line key={`${keyOf(rule)} ${id}`} from={ruleTops.get(keyOf(rule))!} to={to} x={columns.rule} />];
            }),
          )}
          {map.addresses.map(({ id, address, use, open }) => (
            <Box
              key={id}
              x={columns.address}
              y={addressTops.get(id)!}
              title={address}
              note={[use, ...open].filter(Boolean).join('; ') || 'public address'}
              to={linkTo(['resources', 'IPAddress', id])}
            />
          ))}
          {rules.map((rule) => (
            <Box
              key={keyOf(rule)}
              x={columns.rule}
              y={ruleTops.get(keyOf(rule))!}
              title={rule.kind}
              note={`${rule.protocol} ${rule.port}${rule.privatePort ? ` → ${rule.privatePort}` : ''}`}
            />
          ))}
          {machines.map(({ id, name, state, address, tier }) => (
            <Box
              key={id}
              x={columns.machine}
              y={machineTops.get(id)!}
              title={name}
              note={[address, state, tierOf(tier)].filter(Boolean).join(', ')}
              tone={state === 'Running' ? 'good' : ''}
              to={linkTo(['resources', 'UserVm', id])}
            />
          ))}
        </svg>
      </div>
      <details>
        <summary>In words</summary>
        <ul class="facts">
          {inWords.map((line, at) => (
            <li key={at}>{line}</li>
          ))}
          {inWords.length ? null : <li>No rule lets traffic in.</li>}
        </ul>
      </details>
      {map.isCut ? <p class="note">There is more than fits into an answer: this is a part.</p> : null}
      {map.notSeen.length ? <p class="note">Not seen: {map.notSeen.join(', ')}</p> : null}
    </>
  );
};

/** The map of a network or a VPC under its heading. */
export const NetworkMapOf = ({
  of,
  profile,
}: {
  of: { network?: string; vpc?: string };
  profile: string | undefined;
}): JSX.Element => {
  const asked = useAsk<NetworkMapData>('network-map', { ...of, profile });
  return (
    <Section title="How traffic comes in" wide>
      <Loaded asked={asked}>{(map) => <NetworkMap map={map} />}</Loaded>
    </Section>
  );
};
