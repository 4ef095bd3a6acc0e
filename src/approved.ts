const approved = new WeakSet<object>();

/** Notes that the guard approved this very call, and freezes it. Only guard/ may import this (scripts/imports/table.ts). */
export const markApproved = <T extends object>(call: T): T => {
  approved.add(Object.freeze(call));
  return call;
};

/** Whether the guard approved this very call, and not one that it was copied to. */
export const isApproved = (call: object): boolean => approved.has(call);
