import { afterAll, expect } from 'vitest';

const warnings: string[] = [];
const record = ({ name, message }: Error): void => {
  if (name === 'MaxListenersExceededWarning') warnings.push(message);
};
process.on('warning', record);

// A listener that is never taken off: each call of a long-lived server would leave one behind.
afterAll(() => {
  process.off('warning', record);
  expect(warnings).toEqual([]);
});
