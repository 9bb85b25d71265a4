import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { CarriedClock, pause, systemClock } from '../../../src/time/clock.js';
import type { EpochMs } from '../../../src/time/duration.js';

describe('CarriedClock', () => {
  it('goes on from the moment that it was told, whatever the wall clock says', () => {
    const here = { at: 1_000.4, now: () => 5 as EpochMs, elapsed: () => here.at };
    const clock = new CarriedClock(1_772_600_767_000 as EpochMs, here);

    here.at += 250.2;

    expect(clock.now()).toBe(1_772_600_767_250);
    expect(clock.elapsed()).toBe(here.at);
  });
});

describe('pause', () => {
  it('waits', async () => {
    const startedAt = performance.now();

    await pause(15);

    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(13);
  });

  it('does not wait when the signal is aborted already', async () => {
    await pause(60_000, AbortSignal.abort());
  });

  it('returns as soon as the signal is aborted, without throwing', async () => {
    const abort = new AbortController();

    const waiting = pause(60_000, abort.signal);
    abort.abort(new Error('enough'));

    await expect(waiting).resolves.toBeUndefined();
  });

  it('leaves no listener on the signal', async () => {
    const abort = new AbortController();

    await pause(1, abort.signal);

    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
  });
});

describe('systemClock', () => {
  it('gives the moment, and an elapsed time that does not run backwards', () => {
    const before = systemClock.elapsed();

    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
    expect(systemClock.elapsed()).toBeGreaterThanOrEqual(before);
  });
});
