/** The sections of a file by their names, each with its keys in small letters; what stands before the first is under ''. */
export type Sections = Record<string, Record<string, string>>;

const unquote = (value: string): string => /^(["'`])(.*)\1$/.exec(value)?.[2] ?? value;

/**
 * Reads the files of cloudmonkey and cs. They know no comments behind a value and no dots in a section's name, which
 * INI readers of Node take otherwise: a password with # or ; would be cut.
 * https://github.com/apache/cloudstack-cloudmonkey/blob/main/config/config.go (IgnoreInlineComment),
 * https://docs.python.org/3/library/configparser.html
 */
export const readIni = (text: string): Sections => {
  const sections: Sections = { '': {} };
  let section = sections['']!;
  for (const line of text.split(/\r?\n/).map((each) => each.trim())) {
    const name = /^\[(.*)\]$/.exec(line)?.[1];
    const at = line.search(/[=:]/);
    if (/^[#;]/.test(line)) continue;
    if (name !== undefined) section = sections[name.trim()] ??= {};
    else if (at > 0) section[line.slice(0, at).trim().toLowerCase()] = unquote(line.slice(at + 1).trim());
  }
  return sections;
};
