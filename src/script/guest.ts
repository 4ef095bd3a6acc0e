/**
 * Runs inside of QuickJS, as text: it makes the globals of a script and may refer to nothing around it. Scripts reach the host
 * through `send`, `ask` and `print` alone, and only with texts. Whatever a script does to these globals, it does to itself.
 */
export const installGlobals = (
  send: (text: string) => Promise<string>,
  ask: (operation: string, rows: string, words: string) => string,
  print: (text: string) => void,
  inputs: string,
): ((value: unknown) => string | undefined) => {
  const { parse, stringify } = JSON;
  const scope = globalThis as unknown as Record<string, unknown>;
  const lineOf = (stack = ''): number | undefined => {
    const found = /script\.js:(\d+)/.exec(stack);
    return found ? Number(found[1]) : undefined;
  };
  const raise = (text: string): never => {
    const received = parse(text) as Record<string, unknown>;
    throw Object.assign(new Error(String(received['message'])), received, { name: 'CloudStackError' });
  };
  const show = (value: unknown): string => (typeof value === 'string' ? value : (stringify(value) ?? String(value)));
  const tooEarly = (what: string): never => {
    void send(stringify({ unknown: what, line: lineOf(new Error().stack) })).catch(() => undefined);
    throw new Error(`${what} is known only once that is done`);
  };
  /** A planned row, whose unknown fields end the script when it looks at them. */
  const guard = (row: unknown, unknown: Record<string, { step: number; fields: string[] }>): unknown => {
    const id = (row as { id?: unknown } | null)?.id;
    const found = typeof id === 'string' ? unknown[id] : undefined;
    if (!found) return row;
    const check = (name: unknown): void => {
      if (typeof name === 'string' && found.fields.includes(name)) tooEarly(`${name} of step ${found.step}`);
    };
    return new Proxy(row as object, {
      get: (target, name) => {
        check(name);
        return Reflect.get(target, name) as unknown;
      },
      has: (target, name) => {
        check(name);
        return Reflect.has(target, name);
      },
    });
  };
  const readReply = (text: string): unknown => {
    const { value, unknown } = parse(text) as {
      value: unknown;
      unknown?: Record<string, { step: number; fields: string[] }>;
    };
    if (!unknown) return value;
    return Array.isArray(value) ? value.map((row) => guard(row, unknown)) : guard(value, unknown);
  };
  const call =
    (command: string) =>
    (args: unknown = {}, view: unknown = {}): Promise<unknown> => {
      const line = lineOf(new Error().stack);
      return send(stringify({ command, args, view, line })).then(readReply, (text: unknown) => raise(String(text)));
    };
  const over =
    (operation: string) =>
    (rows: unknown, words: unknown): unknown =>
      parse(ask(operation, stringify(rows) ?? '[]', show(words)));
  const set = (name: string, value: unknown): void => {
    Object.defineProperty(scope, name, { value, writable: false, configurable: false });
  };
  // A promise asks what it is given whether it is one, too.
  const isOwn = (name: unknown): name is string => typeof name === 'string' && name !== 'then' && name !== 'toJSON';
  set('cloudstack', new Proxy(Object.freeze({}), { get: (_target, name) => (isOwn(name) ? call(name) : undefined) }));
  set('where', over('where'));
  set('find', over('find'));
  set('group', over('group'));
  set('sort', over('sort'));
  set('print', (...values: unknown[]) => print(values.map(show).join(' ')));
  set('inputs', parse(inputs));
  // The same script does the same again: a plan is made of one run and applied after another.
  Reflect.deleteProperty(Math, 'random');
  return (value) => stringify(value);
};
