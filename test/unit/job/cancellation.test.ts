import { describe, expect, it, vi } from 'vitest';
import { Cancellation } from '../../../src/job/cancellation.js';

const reason = new Error('shutting down');

describe('Cancellation', () => {
  it('aborts its signal with the reason, whether that was asked for before or after', () => {
    const [before, after] = [new Cancellation(), new Cancellation()];
    const { signal } = before;

    before.abort(reason);
    after.abort(reason);

    expect(signal.aborted && signal.reason).toBe(reason);
    expect(after.signal.aborted && after.signal.reason).toBe(reason);
    expect(after.signal).toBe(after.signal);
  });

  it('keeps the first reason, and tells of it once', () => {
    const cancellation = new Cancellation();
    const listener = vi.fn();
    cancellation.onAbort(listener);

    cancellation.abort(reason);
    cancellation.abort(new Error('too late'));

    expect(cancellation.reason).toBe(reason);
    expect(listener).toHaveBeenCalledExactlyOnceWith(reason);
  });

  it('ends all that was held with it, and nothing that was released', () => {
    const cancellation = new Cancellation();
    const ended: string[] = [];
    const [first, second, third] = ['first', 'second', 'third'].map((name) => ({ abort: () => ended.push(name) }));
    for (const call of [first, second, third]) if (call) cancellation.hold(call);

    if (second) cancellation.release(second);
    cancellation.abort(reason);

    expect(ended).toEqual(['first', 'third']);
  });

  it('holds another one in the place of one that was released', () => {
    const cancellation = new Cancellation();
    const ended: string[] = [];
    const [first, second] = ['first', 'second'].map((name) => ({ abort: () => ended.push(name) }));
    if (first) cancellation.hold(first);
    if (first) cancellation.release(first);
    if (second) cancellation.hold(second);

    cancellation.abort(reason);

    expect(ended).toEqual(['second']);
  });

  it('tells a listener that comes late at once', () => {
    const cancellation = new Cancellation();
    cancellation.abort(reason);
    const listener = vi.fn();

    cancellation.onAbort(listener);

    expect(listener).toHaveBeenCalledExactlyOnceWith(reason);
  });
});
