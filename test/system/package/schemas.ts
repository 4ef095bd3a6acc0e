import { Ajv } from 'ajv';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findModule } from '../deploy/tools.ts';

const readJson = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;

/** What a schema finds wrong with a document, a sentence each. Formats are not looked at, only shapes. */
const validate = (schema: object, others: readonly object[], document: unknown): string[] => {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, schemas: [...others] });
  const check = ajv.compile(schema);
  check(document);
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
};

/** server.json against the schema of the MCP registry. Throws UnavailableError without Go or network. */
export const registryProblems = (document: unknown): string[] => {
  const folder = findModule('github.com/modelcontextprotocol/registry@v1.8.9');
  return validate(readJson(join(folder, 'internal/validators/schemas/2025-12-11.json')), [], document);
};

/** A bill of materials against the schema of CycloneDX 1.6. Throws UnavailableError without Go or network. */
export const sbomProblems = (document: unknown): string[] => {
  const folder = join(findModule('github.com/CycloneDX/cyclonedx-go@v0.12.0'), 'schema');
  const spdx = readJson(join(folder, 'spdx.schema.json'));
  // Signatures have a schema of their own; ours has none.
  const jsf = { $id: 'http://cyclonedx.org/schema/jsf-0.82.schema.json', definitions: { signature: {} } };
  return validate(readJson(join(folder, 'bom-1.6.schema.json')), [spdx, jsf], document);
};
