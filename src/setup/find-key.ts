/**
 * Where a key stands in a YAML or JSON text, counted from 1: the last of `keys` that is there, each below the one before.
 * Undefined where the first is not there.
 */
export const findKey = async (
  text: string,
  keys: readonly string[],
): Promise<{ line: number; column: number } | undefined> => {
  const { LineCounter, isMap, isScalar, isSeq, parseDocument } = (await import('yaml')).default;
  const lines = new LineCounter();
  let node: unknown = parseDocument(text, { lineCounter: lines }).contents;
  let offset: number | undefined;
  for (const key of keys) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (!pair || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0];
      node = pair.value;
    } else if (isSeq(node)) node = node.items[Number(key)];
    else break;
  }
  if (offset === undefined) return undefined;
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
};
