import type { CallRequest } from '../types.ts';

/**
 * The request with its deadline: `callTimeout` milliseconds from now where its door set none. The time that a human
 * takes to answer does not count.
 */
export const withDeadline = (request: CallRequest, callTimeout: number): CallRequest => {
  let deadline = request.deadline ?? Date.now() + callTimeout;
  return {
    ...request,
    get deadline() {
      return deadline;
    },
    consent: async (question) => {
      const asked = Date.now();
      try {
        return await request.consent(question);
      } finally {
        deadline += Date.now() - asked;
      }
    },
  };
};
