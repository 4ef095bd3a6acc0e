import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { inWords, useAsk } from '../ask.ts';
import { Badge, Loaded, Section, Sparkline } from '../parts.tsx';

interface HealthPart {
  status: string;
  [fact: string]: unknown;
}

interface Health {
  status: string;
  components: Record<string, HealthPart>;
  responseTime: HealthPart;
  throughput: HealthPart;
  errorRate: HealthPart;
  receiptKey?: string;
}

const maxValues = 60;

const facts = ({ status: _status, ...rest }: HealthPart): string =>
  Object.entries(rest)
    .map(([name, value]) => `${name} ${inWords(value)}`)
    .join(', ');

interface Moment {
  calls: number;
  mean: number;
  failed: number;
  running: number;
}

/** How the server and what it depends on are, now and over the last minutes. */
export const HealthView = (): JSX.Element => {
  const asked = useAsk<Health>('health', {}, 5000);
  const [history, setHistory] = useState<Moment[]>([]);
  useEffect(() => {
    if (!asked.data) return;
    const { components, responseTime, errorRate } = asked.data;
    const values = {
      calls: Number(errorRate['calls'] ?? 0),
      failed: Number(errorRate['failed'] ?? 0),
      mean: Number(responseTime['meanMilliseconds'] ?? 0),
      running: Number(components['mcp']?.['running'] ?? 0),
    };
    setHistory((old) => [...old, values].slice(-maxValues));
  }, [asked.data]);
  const line = (key: keyof Moment): number[] => history.map((values) => values[key]);
  return (
    <div class="grid">
      <Section title="The last minutes" wide>
        <div class="sparks">
          <Sparkline label="Calls in a minute" values={line('calls')} unit="" />
          <Sparkline label="Mean time" values={line('mean')} unit="ms" />
          <Sparkline label="Failed in a minute" values={line('failed')} unit="" />
          <Sparkline label="Running now" values={line('running')} unit="" />
        </div>
      </Section>
      <Section title="Parts" wide>
        <Loaded asked={asked}>
          {({ components, responseTime, throughput, errorRate }) => (
            <ul class="facts">
              {Object.entries({ ...components, responseTime, throughput, errorRate }).map(([name, component]) => (
                <li key={name}>
                  <strong>{name}</strong> <Badge>{component.status}</Badge>{' '}
                  <span class="quiet">{facts(component)}</span>
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </Section>
      {asked.data?.receiptKey === undefined ? null : (
        <Section title="Receipts of approvals" wide>
          <p>
            They are verified with this public key: <code>{asked.data.receiptKey}</code>
          </p>
        </Section>
      )}
    </div>
  );
};
