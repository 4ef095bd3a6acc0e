/**
 * Whether this is an id of a request, or the token of its progress: a text, or a whole number that comes back as it was
 * given. The SDK drops a request with a greater one without an answer.
 */
export const isId = (id: unknown): id is string | number => typeof id === 'string' || Number.isSafeInteger(id);
