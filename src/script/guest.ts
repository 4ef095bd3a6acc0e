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
  const show = (value: unknown): string => (typeof value === 'string' ? value : (shown(value) ?? String(value)));
  const tooEarly = (what: string): never => {
    void send(stringify({ unknown: what, line: lineOf(new Error().stack) })).catch(() => undefined);
    throw new Error(`${what} is known only once that is done`);
  };
  interface Unknown {
    step: number;
    fields: string[];
  }
  const planned = new WeakMap<object, Unknown>();
  /** While a row is only shown, what is not known of it is left out. */
  let isShown = false;
  const shown = (value: unknown): string | undefined => {
    isShown = true;
    try {
      return stringify(value);
    } finally {
      isShown = false;
    }
  };
  /** A planned row, whose unknown fields end the script when it looks at them, or at all that there are. */
  const guard = (row: unknown, unknown: Record<string, Unknown>): unknown => {
    const id = (row as { id?: unknown } | null)?.id;
    const found = typeof id === 'string' ? unknown[id] : undefined;
    if (!found) return row;
    const check = (name: unknown): void => {
      // The catalog's spelling of some is in small letters, CloudStack's own is not.
      const isUnknown = typeof name === 'string' && !Object.hasOwn(row as object, name);
      if (isUnknown && found.fields.some((one) => one.toLowerCase() === name.toLowerCase()))
        tooEarly(`${name} of step ${found.step}`);
    };
    const guarded = new Proxy(row as object, {
      ownKeys: (target) =>
        isShown || !found.fields.length ? Reflect.ownKeys(target) : tooEarly(`All of step ${found.step}`),
      getOwnPropertyDescriptor: (target, name) => {
        check(name);
        return Reflect.getOwnPropertyDescriptor(target, name);
      },
      get: (target, name) => {
        check(name);
        return Reflect.get(target, name) as unknown;
      },
      has: (target, name) => {
        check(name);
        return Reflect.has(target, name);
      },
    });
    planned.set(guarded, found);
    return guarded;
  };
  const readReply = (text: string): unknown => {
    const { value, unknown } = parse(text) as {
      value: unknown;
      unknown?: Record<string, Unknown>;
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
    (rows: unknown, words: unknown): unknown => {
      const asked = show(words);
      for (const row of Array.isArray(rows) ? (rows as object[]) : []) {
        const { step, fields = [] } = (typeof row === 'object' && row && planned.get(row)) || {};
        const names: string[] = asked.toLowerCase().match(/\w+/g) ?? [];
        const name = fields.find((one) => names.includes(one.toLowerCase()));
        if (name !== undefined) tooEarly(`${name} of step ${step}`);
      }
      return parse(ask(operation, shown(rows) ?? '[]', asked));
    };
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
  Math.random = () => {
    throw new Error('a script has no random numbers: it must do the same each time');
  };
  return shown;
};
