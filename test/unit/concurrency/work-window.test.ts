import { describe, expect, it } from 'vitest';
import { type SlotUse, WorkWindow } from '../../../src/concurrency/work-window.js';

const [quickMs, longMs] = [10, 1_000];

/** A window over so many jobs of each kind, all of which take so many times what they usually do. */
function fill(window: WorkWindow, { quick = 0, long = 0, times = 1, ...use }: Filling): WorkWindow {
  const add = (kind: string, heldMs: number) =>
    window.add({ kind, heldMs: heldMs * times, isDone: true, running: 10, ...use });
  for (let n = 0; n < quick; n++) add('quick', quickMs);
  for (let n = 0; n < long; n++) add('long', longMs);
  return window;
}

interface Filling extends Partial<Omit<SlotUse, 'kind' | 'heldMs'>> {
  readonly quick?: number;
  readonly long?: number;
  readonly times?: number;
}

/** A window that knows how long both kinds usually take. */
function experienced(): WorkWindow {
  const window = fill(new WorkWindow(), { quick: 1_000, long: 1_000 });
  window.close();
  return window;
}

describe('a window of work', () => {
  it('tells how many ran at once, how long they took, and how much a slot does in a second', () => {
    const evidence = fill(new WorkWindow(), { quick: 20, running: 4 }).close();

    expect(evidence).toMatchObject({ running: 4, heldMs: quickMs, pace: 100 });
  });

  it('does not take a queue for slow that gets more of its long kind', () => {
    const window = experienced();
    const before = fill(window, { quick: 90, long: 10 }).close();
    const after = fill(window, { quick: 10, long: 90 }).close();

    expect(after.heldMs).toBeGreaterThan(5 * before.heldMs);
    expect(after.pace / before.pace).toBeCloseTo(1, 1);
  });

  it.each([
    ['both kinds', { quick: 50, long: 50 }],
    ['its only kind', { quick: 50 }],
  ])('sees that %s got slow', (_what, jobs) => {
    const window = experienced();
    const before = fill(window, jobs).close();
    const after = fill(window, { ...jobs, times: 3 }).close();

    expect(before.pace / after.pace).toBeCloseTo(3, 0);
  });

  it('counts what failed as time in which nothing was done', () => {
    const window = experienced();
    const well = fill(window, { quick: 50 }).close();
    fill(window, { quick: 25, isDone: false });
    const half = fill(window, { quick: 25 }).close();
    const none = fill(window, { quick: 50, isDone: false }).close();

    expect(half.pace).toBeCloseTo(well.pace / 2);
    expect(none.pace).toBe(0);
  });

  it('is as uncertain of its pace as its jobs are few', () => {
    const errors = [25, 100, 400].map((quick) => fill(new WorkWindow(), { quick }).close().error);

    expect(errors).toEqual([0.2, 0.1, 0.05]);
  });

  it('is less certain where one kind takes very different times, and not where kinds do', () => {
    const alike = fill(experienced(), { quick: 90, long: 10 }).close();
    const unlike = new WorkWindow();
    for (let n = 0; n < 10; n++) fill(fill(unlike, { quick: 9 }), { quick: 1, times: 11 });

    expect(alike.spread).toBe(1);
    expect(unlike.close().error).toBeGreaterThan(1.2 * alike.error);
  });

  it('begins anew with each window', () => {
    const window = fill(new WorkWindow(), { quick: 20 });
    window.close();

    expect(window.close()).toMatchObject({ running: 0, heldMs: 0, pace: 0, error: 1 });
  });
});
