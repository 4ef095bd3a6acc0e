import { Ajv } from 'ajv';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { chart, valueSets, type Rendered } from './chart.ts';
import { networkProblems, unknownVariables } from './promises.ts';
import { releases } from './schemas.ts';

type Values = Record<string, any>;

const read = (path: string): string => readFileSync(join(chart, path), 'utf8');
const schema = JSON.parse(read('values.schema.json')) as Values;
const values = parse(read('values.yaml')) as Values;
const about = parse(read('Chart.yaml')) as Values;
const templates = readdirSync(join(chart, 'templates')).map((name) => [name, read(`templates/${name}`)] as const);

/** A NetworkPolicy for the server's pods that keeps what is promised. */
const own = {
  podSelector: { matchLabels: { app: 'mcp' } },
  policyTypes: ['Ingress', 'Egress'],
  ingress: [{ ports: [{ port: 'http' }] }],
  egress: [{ ports: [{ port: 53 }] }],
};

/** As Helm lays a file of values over the chart's own. */
const merge = (under: unknown, over: unknown): unknown => {
  const [a, b] = [under, over] as Values[];
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b || Array.isArray(a) || Array.isArray(b)) return over;
  return {
    ...a,
    ...Object.fromEntries(Object.entries(b).map(([key, value]) => [key, key in a ? merge(a[key], value) : value])),
  };
};

describe('the chart', () => {
  const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);

  it('has the version of the package and the release of Kubernetes that it is validated for', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as Values;
    expect([about['version'], about['appVersion']]).toEqual([version, version]);
    const [oldest] = releases;
    expect(about['kubeVersion']).toBe(`>=${oldest.replace(/\d+$/, '0')}-0`);
  });

  it.each(valueSets)('has a schema that takes $name', ({ file }) => {
    const given = file === undefined ? values : merge(values, parse(readFileSync(file, 'utf8')));
    validate(given);
    expect(validate.errors ?? []).toEqual([]);
  });

  it.each([
    ['a value that there is not', { replicaCount: 2 }],
    ['one further down', { valkey: { enable: false } }],
    ['no replica at all', { replicas: 0 }],
    ['a digest that is none', { image: { digest: 'sha256:1' } }],
    ['a secret key for a ConfigMap', { config: { profiles: { a: { url: 'https://a', secretKey: 's' } } } }],
    ["the store's password for a ConfigMap", { config: { redisUrl: 'redis://:p@h' } }],
    ['a host name with a path', { ingress: { hosts: ['mcp.example.com/mcp'] } }],
    ['a NetworkPolicy whose ports are all ports', { networkPolicy: { egress: { ports: [] } } }],
    ['a route that hangs on nothing', { httpRoute: { enabled: true } }],
  ])('has a schema that refuses %s', (_, given) => {
    expect(validate(merge(values, given))).toBe(false);
  });

  it('has a schema for every value, and a value for every schema', () => {
    const compare = (at: Values, under: Values, path: string): void => {
      if (!at['properties'] || at['additionalProperties'] !== false) return;
      const names = Object.keys(at['properties']).filter((name) => name !== 'global');
      expect(Object.keys(under).sort(), path).toEqual(names.sort());
      for (const name of names) compare(at['properties'][name], under[name], `${path}.${name}`);
    };
    compare(schema, values, 'values');
  });

  it('uses every value in a template', () => {
    const text = templates.map(([, template]) => template).join('\n');
    for (const [name, value] of Object.entries(values))
      for (const path of typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length
        ? Object.keys(value)
        : [''])
        expect(text, `${name}.${path}`).toMatch(new RegExp(`\\.Values\\.${name}\\b|\\.${name}\\.${path}\\b`));
  });

  it.each(templates)('names only variables that the server reads: %s', (_, text) => {
    expect(unknownVariables(text)).toEqual([]);
  });

  it('has sticky routing for older clients only', () => {
    for (const [name, text] of templates)
      for (const { index } of text.matchAll(/sessionAffinity:|ingressAnnotations/g))
        expect(text.slice(Math.max(0, index - 120), index + 120), name).toContain('legacySessions.enabled');
    expect(values['legacySessions'].enabled).toBe(false);
  });

  it('is the job that the alert rules ask for, and so is compose.yaml', () => {
    const asked = [...read('files/alerts.yml').matchAll(/job=~"([^"]+)"/g)].map(
      ([, pattern]) => new RegExp(`^(?:${pattern})$`),
    );
    const { scrape_configs: jobs } = parse(readFileSync('deploy/prometheus/prometheus.yml', 'utf8')) as Values;
    expect(templates.find(([name]) => name === 'servicemonitor.yaml')?.[1]).toContain(
      'jobLabel: app.kubernetes.io/part-of',
    );
    expect(asked.length).toBeGreaterThan(0);
    for (const pattern of asked)
      for (const job of [about['name'], ...jobs.map(({ job_name: name }: Values) => name)])
        expect(job).toMatch(pattern);
  });

  it('lets in what asks the server, and out what the server asks, by default', () => {
    const { enabled, egress } = values['networkPolicy'] as Values;
    expect(enabled).toBe(true);
    expect(egress.ports.length).toBeGreaterThan(0);
    // Helm renders it in deploy-check, which looks at each rule of what comes out.
    const template = read('templates/networkpolicy.yaml');
    const parts = template.split(/^---$/m);
    expect(parts.length).toBe(2);
    for (const part of parts) {
      expect(part).toContain('kind: NetworkPolicy');
      expect(part).toContain('policyTypes: [Ingress, Egress]');
      // A rule without ports opens all of them.
      const rules = part
        .slice(part.indexOf('  ingress:'))
        .split(/^ {4}- /m)
        .slice(1);
      for (const rule of rules) expect(rule).toContain('ports:');
    }
  });

  it.each([
    ['without one', [], '0 NetworkPolicies pick the pods of mcp'],
    ['with one for other pods', [{ podSelector: { matchLabels: { app: 'other' } } }], '0 NetworkPolicies'],
    ['with one for every pod', [{ podSelector: {} }], '0 NetworkPolicies'],
    ['with one for one direction', [{ ...own, policyTypes: ['Ingress'] }], 'mcp: one direction is open'],
    ['with a way in to all ports', [{ ...own, ingress: [{}] }], 'mcp: all ports are open to the inside'],
    ['with a way out to all ports', [{ ...own, egress: [{ to: [] }] }], 'mcp: all ports are open to the outside'],
    ['with two', [own, own], '2 NetworkPolicies pick the pods of mcp'],
  ])('whose server stands %s is refused', (_what, policies, problem) => {
    const labels = { app: 'mcp' };
    const server = {
      kind: 'Deployment',
      metadata: { name: 'mcp' },
      spec: { template: { metadata: { labels }, spec: {} } },
    };
    const manifests = [server, ...policies.map((spec) => ({ kind: 'NetworkPolicy', metadata: { name: 'p' }, spec }))];
    const rendered = { name: 'x', values: {}, text: '', manifests } as unknown as Rendered;
    expect(networkProblems(rendered).join()).toContain(problem);
  });

  it('holds the alert rules and the dashboard of this repository, not copies of them', () => {
    expect(read('files/alerts.yml')).toBe(readFileSync('deploy/prometheus/alerts.yml', 'utf8'));
    expect(read('files/dashboard.json')).toBe(readFileSync('deploy/grafana/cloudstack-mcp.json', 'utf8'));
  });
});
