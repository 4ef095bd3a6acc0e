/** What a package was built from, by whom and when. Times are ISO 8601, digests are hexadecimal. */
export interface Build {
  file: string;
  sha256: string;
  sha512: string;
  version: string;
  /** Where the commit can be fetched from; undefined without a remote. */
  repository: string | undefined;
  commit: string;
  lockSha256: string;
  node: string;
  npm: string;
  startedOn: string;
  finishedOn: string;
}

/**
 * An in-toto statement with SLSA's provenance about a tarball. It is not signed and was made on the machine of the person
 * who releases, so it says what was built from what and proves nothing by itself.
 * https://slsa.dev/spec/v1.0/provenance
 */
export const describeBuild = (build: Build) => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: build.file, digest: { sha256: build.sha256, sha512: build.sha512 } }],
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: {
    buildDefinition: {
      buildType: 'https://docs.npmjs.com/cli/commands/npm-pack',
      externalParameters: { command: 'npm run release', version: build.version },
      internalParameters: { node: build.node, npm: build.npm },
      resolvedDependencies: [
        {
          ...(build.repository ? { uri: `git+${build.repository}` } : { name: 'repository' }),
          digest: { gitCommit: build.commit },
        },
        { name: 'package-lock.json', digest: { sha256: build.lockSha256 } },
      ],
    },
    runDetails: {
      builder: { id: 'urn:local:release', version: { node: build.node, npm: build.npm } },
      metadata: { startedOn: build.startedOn, finishedOn: build.finishedOn },
    },
  },
});
