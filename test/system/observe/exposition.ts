/** One line of /metrics: a value of one time series. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** A metric with its samples, in the order in which they came. */
export interface Family {
  name: string;
  help: string | undefined;
  type: string | undefined;
  samples: Sample[];
}

const line = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: (-?\d+))?$/;
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;

const unescapeValue = (text: string): string =>
  text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));

const readLabels = (text: string): Record<string, string> => {
  const labels: Record<string, string> = {};
  let at = 0;
  for (const [whole, name = '', value = ''] of text.matchAll(label)) {
    if (name in labels) throw new Error(`the label ${name} twice: {${text}}`);
    labels[name] = unescapeValue(value);
    at += whole.length;
  }
  if (at !== text.length) throw new Error(`these are no labels: {${text}}`);
  return labels;
};

const readValue = (text: string): number => {
  if (/^[+-]?Inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  const value = Number(text);
  // prom-client writes Nan; Prometheus reads it in any case.
  if (Number.isNaN(value) && !/^nan$/i.test(text)) throw new Error(`this is no value: ${text}`);
  return value;
};

/** The metric that a line belongs to: those of a histogram and a summary have more than one name. */
const familyNameOf = (name: string, types: ReadonlyMap<string, Family>): string => {
  const base = /^(.*)_(?:bucket|sum|count)$/.exec(name)?.[1];
  const type = base === undefined ? undefined : types.get(base)?.type;
  return base !== undefined && (type === 'histogram' || type === 'summary') ? base : name;
};

/** Reads the text format of Prometheus (0.0.4). Throws for a line that it does not allow. */
export const readExposition = (text: string): Family[] => {
  const families = new Map<string, Family>();
  const open = (name: string): Family => {
    let family = families.get(name);
    if (!family) families.set(name, (family = { name, help: undefined, type: undefined, samples: [] }));
    return family;
  };
  for (const row of text.split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+)(?: (.*))?$/.exec(row) ?? [];
    if (kind) {
      const family = open(name);
      const field = kind === 'HELP' ? 'help' : 'type';
      if (family[field] !== undefined) throw new Error(`${kind} of ${name} twice`);
      if (family.samples.length) throw new Error(`${kind} of ${name} after its samples`);
      family[field] = rest;
    } else if (row !== '' && !row.startsWith('#')) {
      const found = line.exec(row);
      if (!found) throw new Error(`this is no line of it: ${row}`);
      const [, metric = '', labels = '', value = ''] = found;
      open(familyNameOf(metric, families)).samples.push({
        name: metric,
        labels: readLabels(labels),
        value: readValue(value),
      });
    }
  }
  return [...families.values()];
};
