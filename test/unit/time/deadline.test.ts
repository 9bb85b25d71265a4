import { describe, expect, it, vi } from 'vitest';
import { within } from '../../../src/time/deadline.js';

describe('within', () => {
  it('gives the value when it comes in time', async () => {
    expect(await within(1_000, Promise.resolve(7))).toBe(7);
  });

  it('throws what the promise throws when that comes in time', async () => {
    await expect(within(1_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('says late when time runs out first', async () => {
    expect(await within(1, new Promise(() => undefined))).toBe('late');
  });

  it.each([0, -5])('counts %d ms as no time left', async (ms) => {
    expect(await within(ms, new Promise(() => undefined))).toBe('late');
  });

  it('swallows a rejection that comes after the deadline', async () => {
    const { promise, reject } = withReject();

    const answer = await within(1, promise);
    reject(new Error('too late'));

    // An unhandled rejection would fail the test run.
    expect(answer).toBe('late');
  });

  it('leaves no timer behind', async () => {
    vi.useFakeTimers();
    try {
      await within(60_000, Promise.resolve());

      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

function withReject(): { readonly promise: Promise<never>; readonly reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<never>((_resolve, rejectPromise) => {
    reject = rejectPromise;
  });
  return { promise, reject };
}
