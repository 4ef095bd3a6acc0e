/** Which file imports which, types included. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/**
 * Files that import each other, directly or through others: one list a circle, in no order. By Tarjan's search for
 * strongly connected components.
 */
export const findCircles = (graph: Graph): string[][] => {
  const circles: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const visit = (file: string): number => {
    const own = index.size;
    index.set(file, own);
    low.set(file, own);
    open.push(file);
    const next = graph.get(file) ?? [];
    for (const to of next) {
      const reach = !index.has(to) ? visit(to) : open.includes(to) ? index.get(to)! : own;
      low.set(file, Math.min(low.get(file)!, reach));
    }
    if (low.get(file) === own) {
      const circle = open.splice(open.indexOf(file));
      if (circle.length > 1 || next.includes(file)) circles.push(circle);
    }
    return low.get(file)!;
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return circles;
};
