import { isDeepStrictEqual } from 'node:util';
import { variables } from '../../../scripts/docs/settings.ts';
import type { Manifest, Rendered } from './chart.ts';

interface Container {
  name: string;
  env?: { name: string; value?: string }[];
  securityContext: {
    readOnlyRootFilesystem?: boolean;
    allowPrivilegeEscalation?: boolean;
    capabilities?: { drop: string[] };
  };
  resources: { limits?: { memory?: string } };
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
}

interface Probe {
  httpGet?: { path: string; httpHeaders?: { name: string; value: string }[] };
}

interface PodSpec {
  automountServiceAccountToken?: boolean;
  securityContext: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type: string } };
  terminationGracePeriodSeconds: number;
  containers: Container[];
}

const podsOf = ({ manifests }: Rendered): { of: Manifest; spec: PodSpec }[] =>
  manifests
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map((of) => ({ of, spec: (of.spec['template'] as { spec: PodSpec }).spec }));

const ofKind = ({ manifests }: Rendered, kind: string): Manifest[] => manifests.filter((one) => one.kind === kind);

/** The server's pod. Throws when there is not exactly one Deployment. */
export const serverOf = (rendered: Rendered): PodSpec => {
  const [deployment, ...more] = podsOf(rendered).filter(({ of }) => of.kind === 'Deployment');
  if (!deployment || more.length) throw new Error(`${rendered.name}: there must be one Deployment`);
  return deployment.spec;
};

/** The server's variables that have a value of their own. */
export const environmentOf = (rendered: Rendered): Record<string, string> =>
  Object.fromEntries(serverOf(rendered).containers[0]!.env!.map(({ name, value }) => [name, value ?? '']));

const isTightened = ({ of, spec }: { of: Manifest; spec: PodSpec }): string[] =>
  [
    spec.automountServiceAccountToken === false || 'has a token of the cluster',
    (spec.securityContext.runAsNonRoot && Number(spec.securityContext.runAsUser) > 0) || 'may run as root',
    spec.securityContext.seccompProfile?.type === 'RuntimeDefault' || 'has no seccomp profile',
    ...spec.containers.flatMap(({ name, securityContext, resources }) => [
      securityContext.readOnlyRootFilesystem === true || `${name} may write to its root`,
      securityContext.allowPrivilegeEscalation === false || `${name} may gain privileges`,
      securityContext.capabilities?.drop.includes('ALL') || `${name} keeps capabilities`,
      resources.limits?.memory !== undefined || `${name} has no limit of memory`,
    ]),
  ].flatMap((held) => (typeof held === 'string' ? [`${of.kind} ${of.metadata.name} ${held}`] : []));

const stickyMarks = (rendered: Rendered): string[] => [
  ...ofKind(rendered, 'Service').flatMap(({ spec }) =>
    spec['sessionAffinity'] === undefined ? [] : ['sessionAffinity'],
  ),
  ...ofKind(rendered, 'Ingress').flatMap(({ metadata }) =>
    Object.keys(metadata.annotations ?? {}).filter((name) => /hash-by|affinity|load-balance|sticky/.test(name)),
  ),
];

const probeProblems = (rendered: Rendered): string[] => {
  const { livenessProbe, readinessProbe, startupProbe } = serverOf(rendered).containers[0]!;
  const expected: [string, Probe | undefined, string][] = [
    ['startup', startupProbe, '/health/live'],
    ['liveness', livenessProbe, '/health/live'],
    ['readiness', readinessProbe, '/health/ready'],
  ];
  return expected.flatMap(([name, probe, path]) => [
    ...(probe?.httpGet?.path === path ? [] : [`the ${name} probe does not ask for ${path}`]),
    ...(probe?.httpGet?.httpHeaders?.some((header) => header.name === 'Host' && header.value === 'localhost')
      ? []
      : [`the ${name} probe has no Host that the server lets in`]),
  ]);
};

const routeProblems = (rendered: Rendered): string[] => {
  const outside = JSON.stringify(
    [...ofKind(rendered, 'Ingress'), ...ofKind(rendered, 'HTTPRoute')].map(({ spec }) => spec),
  );
  return ['/health', '/metrics', '"/"']
    .filter((path) => outside.includes(path))
    .map((path) => `${path} is led to the outside`);
};

interface NetworkPolicySpec {
  podSelector: { matchLabels?: Record<string, string> };
  policyTypes?: string[];
  ingress?: { ports?: { port: unknown }[]; from?: unknown[] }[];
  egress?: { ports?: { port: unknown }[]; to?: unknown[] }[];
}

const labelsOf = ({ spec }: Manifest): Record<string, string> =>
  (spec['template'] as { metadata: { labels: Record<string, string> } }).metadata.labels;

/**
 * Unless it is switched off, each pod is picked by a NetworkPolicy for both directions that opens named ports only: in, those
 * that the pod serves; out, none that is unsaid.
 */
export const networkProblems = (rendered: Rendered): string[] => {
  const { networkPolicy } = rendered.values as Record<string, { enabled?: boolean } | undefined>;
  const policies = ofKind(rendered, 'NetworkPolicy').map(({ spec }) => spec as unknown as NetworkPolicySpec);
  if (networkPolicy?.enabled === false)
    return policies.length ? ['there is a NetworkPolicy that was switched off'] : [];
  return podsOf(rendered).flatMap(({ of }) => {
    const { name } = of.metadata;
    const labels = labelsOf(of);
    const own = policies.filter(({ podSelector: { matchLabels = {} } }) => {
      const wanted = Object.entries(matchLabels);
      return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
    });
    const [policy, ...more] = own;
    if (!policy || more.length) return [`${own.length} NetworkPolicies pick the pods of ${name}`];
    const { policyTypes = [], ingress = [], egress = [] } = policy;
    const isNamed = ({ ports = [] }: { ports?: { port: unknown }[] }): boolean =>
      ports.length > 0 && ports.every(({ port }) => port !== undefined && port !== null);
    return [
      ...(['Ingress', 'Egress'].every((type) => policyTypes.includes(type)) ? [] : [`${name}: one direction is open`]),
      ...(ingress.every(isNamed) ? [] : [`${name}: all ports are open to the inside`]),
      ...(egress.every(isNamed) ? [] : [`${name}: all ports are open to the outside`]),
      ...(of.kind === 'StatefulSet' && (egress.length || ingress.some(({ from }) => !from?.length))
        ? [`${name}: the store is open to others than the server`]
        : []),
    ];
  });
};

/** Variables whose names look like this server's and that it does not read. */
export const unknownVariables = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/\bCLOUDSTACK_[A-Z_]*[A-Z]\b/g)].map(([name]) => name).filter((name) => !variables.has(name)),
  ),
];

/** What must hold of every rendering, whatever the values. Gives what does not. */
export const brokenPromises = (rendered: Rendered, alerts: unknown): string[] => {
  const env = environmentOf(rendered);
  const { terminationGracePeriodSeconds, containers } = serverOf(rendered);
  const drain = containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0;
  const { legacySessions, cloudstack, config } = rendered.values as Record<string, Record<string, unknown> | undefined>;
  const sticky = stickyMarks(rendered);
  const [rule] = ofKind(rendered, 'PrometheusRule');
  const secrets = ofKind(rendered, 'Secret').filter(({ metadata }) => !metadata.name.endsWith('-valkey'));
  return [
    ...podsOf(rendered).flatMap(isTightened),
    ...probeProblems(rendered),
    ...routeProblems(rendered),
    ...networkProblems(rendered),
    ...unknownVariables(rendered.text).map((name) => `the server reads no variable ${name}`),
    ...((legacySessions?.['enabled'] === true) === sticky.length > 0
      ? []
      : [`sticky routing: ${sticky.join(', ') || 'none'}`]),
    ...(Object.keys(env).length === containers[0]!.env!.length ? [] : ['a variable is set twice']),
    ...(terminationGracePeriodSeconds * 1000 >
    Number(env['CLOUDSTACK_MCP_GRACE']) + drain * 1000 + Number(config?.['drain'] ?? 0)
      ? []
      : ['pods are killed before the grace of running calls is over']),
    ...(env['CLOUDSTACK_MCP_ALLOWED_HOSTS']?.startsWith('$(POD_IP),') ? [] : ['Prometheus cannot ask by address']),
    ...(secrets.length && !cloudstack?.['secretKey'] ? ['there is a Secret that nobody gave values for'] : []),
    ...(cloudstack?.['existingSecret'] && secrets.length ? ['there is a Secret beside the existing one'] : []),
    ...(rule && !isDeepStrictEqual(rule.spec, alerts) ? ['the alert rules are not those of deploy/prometheus'] : []),
    ...(ofKind(rendered, 'Ingress').length && !rendered.text.includes('path: /mcp')
      ? ['the Ingress does not lead to /mcp']
      : []),
  ];
};
