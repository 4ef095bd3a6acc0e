import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { cache, findModule } from './tools.ts';

/** Releases of Kubernetes that the chart is validated for: the oldest that it names in kubeVersion, and a current one. */
export const releases = ['1.30.14', '1.37.2'] as const;

const customResources = [
  { module: 'sigs.k8s.io/gateway-api@v1.6.3', folder: 'config/crd/standard' },
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    folder: 'example/prometheus-operator-crd',
  },
];

type Schema = Record<string, unknown>;

const isRecord = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a cluster drops in silence is an error here: a key that no schema names. */
const close = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(close);
  if (!isRecord(schema)) return schema;
  const closed = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, close(value)]));
  // Written as a number or as a text.
  if (schema['format'] === 'int-or-string' || schema['x-kubernetes-int-or-string'] === true)
    return { ...closed, type: ['integer', 'string'], format: undefined };
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || 'additionalProperties' in schema;
  return isRecord(schema['properties']) && !isOpen ? { ...closed, additionalProperties: false } : closed;
};

/** Definitions that a schema leads to, by name. */
const reached = (start: unknown, all: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const found: Record<string, unknown> = {};
  const visit = (schema: unknown): void => {
    for (const [, name = ''] of JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g))
      if (!(name in found)) {
        found[name] = close(all[name]);
        visit(all[name]);
      }
  };
  visit(start);
  return found;
};

const write = (folder: string, { group, version, kind }: Record<string, string>, schema: unknown): void => {
  const parts = [kind, group?.split('.')[0], version].filter(Boolean);
  writeFileSync(join(folder, `${parts.join('-').toLowerCase()}.json`), JSON.stringify(schema));
};

const writeKinds = (folder: string, release: string): void => {
  const path = join(findModule(`k8s.io/kubernetes@v${release}`), 'api/openapi-spec/swagger.json');
  const { definitions } = JSON.parse(readFileSync(path, 'utf8')) as { definitions: Record<string, Schema> };
  // An amount of memory or CPU may be a bare number.
  definitions['io.k8s.apimachinery.pkg.api.resource.Quantity'] = { type: ['string', 'number'] };
  for (const [name, schema] of Object.entries(definitions)) {
    const kinds = schema['x-kubernetes-group-version-kind'];
    // One that many groups share (DeleteOptions) is no kind of its own.
    if (!Array.isArray(kinds) || kinds.length !== 1) continue;
    const root = { $ref: `#/definitions/${name}` };
    write(folder, kinds[0] as Record<string, string>, { ...root, definitions: reached(root, definitions) });
  }
};

interface CustomResource {
  kind: string;
  spec: { group: string; names: { kind: string }; versions: { name: string; schema: { openAPIV3Schema: Schema } }[] };
}

const writeCustom = (folder: string): void => {
  for (const { module, folder: inside } of customResources) {
    const from = join(findModule(module), inside);
    const texts = readdirSync(from).map((name) => readFileSync(join(from, name), 'utf8'));
    const documents = texts.flatMap((text) =>
      parseAllDocuments(text).map((one) => one.toJS() as CustomResource | null),
    );
    for (const document of documents) {
      if (document?.kind !== 'CustomResourceDefinition') continue;
      const { group, names, versions } = document.spec;
      for (const { name, schema } of versions)
        write(folder, { group, version: name, kind: names.kind }, close(schema.openAPIV3Schema));
    }
  }
};

/**
 * A folder with a schema for every kind of a release of Kubernetes, the Gateway API and the Prometheus operator, made of
 * their own definitions, each named as kubeconform looks for it. Throws UnavailableError without Go or network.
 */
export const findSchemas = (release: string): string => {
  const folder = join(cache, `schemas-${release}`);
  const finished = join(folder, 'finished');
  if (existsSync(finished)) return folder;
  mkdirSync(folder, { recursive: true });
  writeKinds(folder, release);
  writeCustom(folder);
  writeFileSync(finished, '');
  return folder;
};
