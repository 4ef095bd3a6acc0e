interface Versions {
  first: string;
  last: string;
  seen?: string[];
}

/** One command, parameter, response type or field, as the API facts have it. */
export type Raw = Record<string, unknown> & { name: string; versions?: Versions };

interface Difference {
  name: string;
  key: string;
  /** The value that replaces the one of the facts: of a correction, or of the newer release. */
  source?: unknown;
  to?: unknown;
}

interface Changed {
  name: string;
  added?: Raw[];
  removed?: string[];
  changed?: Difference[];
  /** Facts of the command, by name, with what they were before. */
  command?: Record<string, { from: unknown; to: unknown }>;
}

/** release-*.json: what a release adds and changes, and what was wrong of the release before it. */
export interface Release {
  release: string;
  commands: Raw[];
  changedCommands: Changed[];
  responses: Raw[];
  changedResponses: Changed[];
  corrections: Record<
    string,
    {
      parameters: { name: string; differs: Difference[] }[];
      responses: { name: string; missing: Raw[] }[];
    }
  >;
}

interface Facts {
  commands: Raw[];
  responses: Raw[];
}

/** What was there in the release before, or is presumed to have been, is there in the next one too. */
const carryOn = (row: Raw, before: string, release: string): Raw => {
  const { versions } = row;
  if (!versions || !(versions.last === before || 'presumed' in versions)) return row;
  const { presumed: _presumed, ...known } = versions as Versions & { presumed?: boolean };
  return {
    ...row,
    versions: {
      ...known,
      last: release,
      ...(known.seen ? { seen: [...known.seen, ...(known.last === before ? [] : [before]), release] } : {}),
    },
  };
};

const set = (row: Raw, key: string, value: unknown): Raw => {
  const { [key]: _former, ...rest } = row;
  return (value === null || value === undefined ? rest : { ...rest, [key]: value }) as Raw;
};

const since = (row: Raw, release: string): Raw => ({ ...row, versions: { first: release, last: release } });

/** The parts of a command or a response type, with what a change adds, takes away and changes. */
const changeParts = (parts: readonly Raw[], change: Changed | undefined, before: string, release: string): Raw[] => {
  const added = change?.added ?? [];
  const removed = new Set(change?.removed ?? []);
  const carriedOn = parts
    .filter(({ name }) => !added.some((part) => part.name === name))
    .map((part) => {
      if (removed.has(part.name)) return { ...part, versions: part.versions ?? { first: '', last: before } };
      const carried = carryOn(part, before, release);
      return (change?.changed ?? [])
        .filter(({ name }) => name === part.name)
        .reduce<Raw>((row, { key, to }) => set(row, key, to), carried);
    });
  return [...carriedOn, ...added.map((part) => since(part, release))].sort((a, b) => (a.name < b.name ? -1 : 1));
};

const change = (
  rows: readonly Raw[],
  parts: 'params' | 'fields',
  changes: readonly Changed[],
  before: string,
  release: string,
): Raw[] =>
  rows.map((row) => {
    const own = changes.find(({ name }) => name === row.name);
    const first = row.versions?.first ?? '';
    const changed = changeParts(row[parts] as Raw[], own, before, release).map((part) =>
      part.versions?.first === '' ? { ...part, versions: { ...part.versions, first } } : part,
    );
    const facts = Object.entries(own?.command ?? {});
    const taken = facts.filter(([key]) => ['async', 'response', 'event'].includes(key));
    const carried: Raw = {
      ...carryOn({ ...row, [parts]: changed }, before, release),
      ...(own?.command?.['httpMethod']?.to === 'GET' ? { get: true } : {}),
    };
    if (taken.length === 0) return carried;
    const former = Object.fromEntries(taken.filter(([key]) => key !== 'event').map(([key]) => [key, row[key] ?? null]));
    return taken.reduce((now, [key, { to }]) => set(now, key, to), {
      ...carried,
      changes: [...((row['changes'] ?? []) as unknown[]), { first, last: before, earlier: true, ...former }],
    } as Raw);
  });

const correct = ({ commands, responses }: Facts, release: Release, before: string): Facts => {
  const { parameters = [], responses: types = [] } = release.corrections[before] ?? {};
  return {
    commands: commands.map((command) => {
      const differs = parameters.find(({ name }) => name === command.name)?.differs ?? [];
      const params = (command['params'] as Raw[]).map((parameter) =>
        differs
          .filter(({ name }) => name === parameter.name)
          .reduce<Raw>((row, { key, source }) => set(row, key, source), parameter),
      );
      return { ...command, params };
    }),
    responses: responses.map((type) => {
      const missing = types.find(({ name }) => name === type.name)?.missing ?? [];
      const fields = [...(type['fields'] as Raw[]), ...missing.map((field) => since(field, before))];
      return { ...type, fields: fields.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    }),
  };
};

/** The facts with what a release adds, changes and corrects; `before` is the release that they end with. */
export const mergeRelease = (facts: Facts, release: Release, before: string): Facts => {
  const { commands, responses } = correct(facts, release, before);
  const name = release.release;
  return {
    commands: [...change(commands, 'params', release.changedCommands, before, name), ...release.commands],
    responses: [...change(responses, 'fields', release.changedResponses, before, name), ...release.responses],
  };
};
