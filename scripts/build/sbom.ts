import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundledPackages } from './notices.ts';

interface PackageFacts {
  name: string;
  version: string;
  license: string;
  description?: string;
}

const read = (folder: string): PackageFacts =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFacts;

/** https://github.com/package-url/purl-spec/blob/main/types-doc/npm-definition.md */
const purlOf = ({ name, version }: PackageFacts): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;

const describe = (type: string, facts: PackageFacts) => ({
  type,
  'bom-ref': purlOf(facts),
  name: facts.name,
  version: facts.version,
  ...(facts.description ? { description: facts.description } : {}),
  licenses: [
    / (?:OR|AND|WITH) /.test(facts.license) ? { expression: facts.license } : { license: { id: facts.license } },
  ],
  purl: purlOf(facts),
});

/**
 * The bill of materials of the bundle in CycloneDX 1.6 (JSON): every package of which something is in it. The same files
 * give the same text, so it has no time and no serial number.
 */
export const sbomOf = (files: readonly string[]): string => {
  const about = read('.');
  const bundled = bundledPackages(files).map(read);
  const parts = [...new Map(bundled.map((facts) => [purlOf(facts), facts])).values()];
  return JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { lifecycles: [{ phase: 'build' }], component: describe('application', about) },
    components: parts.map((facts) => describe('library', facts)),
    dependencies: [{ ref: purlOf(about), dependsOn: parts.map(purlOf) }],
  });
};
