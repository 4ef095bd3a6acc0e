import type { Call, Row, Value } from './types.ts';

/** Whether a resource passes the value of one parameter that is not simply one of its fields. */
export type Filter = (row: Row, wanted: Value, call: Call) => boolean;

/** By kind and parameter. */
export const filters: Record<string, Record<string, Filter>> = {};
