import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRenewal } from '../../src/app/tags-beside.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const open = () => {
  const state = { listed: false, asked: 0 };
  const renewal = createRenewal(
    () => {
      state.asked++;
      state.listed = true;
      return Promise.resolve();
    },
    () => state.listed,
  );
  return { state, renewal };
};

test('the list is read after the first call, renewed before it is too old, and no more once the server is not used', async () => {
  const { state, renewal } = open();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(state.asked).toBe(0);
  renewal.onUse();
  await vi.advanceTimersByTimeAsync(1);
  expect(state.asked).toBe(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(state.asked).toBe(2);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(state.asked).toBe(21);
  renewal.onUse();
  await vi.advanceTimersByTimeAsync(1);
  expect(state.asked).toBe(22);
  renewal.close();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(state.asked).toBe(22);
});

test('a list that a change of tags took away is read again at once, by one request for many calls', async () => {
  const { state, renewal } = open();
  renewal.onUse();
  await vi.advanceTimersByTimeAsync(1);
  for (let call = 0; call < 5; call++) renewal.onUse();
  await vi.advanceTimersByTimeAsync(1);
  expect(state.asked).toBe(1);
  state.listed = false;
  for (let call = 0; call < 5; call++) renewal.onUse();
  await vi.advanceTimersByTimeAsync(1);
  expect(state.asked).toBe(2);
  renewal.close();
});

test('a list that the cloud does not give is not asked for with every call', async () => {
  let asked = 0;
  const renewal = createRenewal(
    () => {
      asked++;
      return Promise.reject(new Error('refused'));
    },
    () => false,
  );
  for (let call = 0; call < 20; call++) {
    renewal.onUse();
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(asked).toBe(1);
  renewal.close();
});
