import { afterEach, describe, expect, it, vi } from 'vitest';
import { PeriodicService } from '../../../src/service/periodic-service.js';
import { recordingLog } from './recording-log.js';

const pauses = vi.hoisted((): number[] => []);

// Waiting is written down instead of done: here only its length matters.
vi.mock('../../../src/time/clock.js', () => ({
  pause: (ms: number) => {
    pauses.push(Math.round(ms * 1000) / 1000);
    return new Promise((resolve) => setImmediate(resolve));
  },
}));

afterEach(() => {
  pauses.length = 0;
});

/** The pauses after each of the runs, of which the given ones fail. */
async function pausesOf(
  intervalMs: number | (() => number),
  runs: readonly ('ok' | 'error')[],
  random = 0.5,
): Promise<number[]> {
  let run = 0;
  await new Promise<void>((done) => {
    const service = new PeriodicService({
      name: 'paced',
      intervalMs,
      log: recordingLog().log,
      random: () => random,
      run: async () => {
        const result = runs[run++];
        if (result === undefined) {
          service.stop().then(done, done);
          return;
        }
        if (result === 'error') throw new Error('no answer');
      },
    });
    service.start();
  });
  return pauses.slice(0, runs.length);
}

describe('the pace of a PeriodicService', () => {
  it('pauses for its interval between runs', async () => {
    expect(await pausesOf(250, ['ok', 'ok', 'ok'])).toEqual([250, 250, 250]);
  });

  it('asks for its interval before every pause, where that may change', async () => {
    const intervals = [500, 700, 500];

    expect(await pausesOf(() => intervals.shift() ?? 0, ['ok', 'ok', 'ok'])).toEqual([500, 700, 500]);
  });

  it.each([
    [0, 900],
    [0.25, 950],
    [1, 1_100],
  ])('jitters the interval by a tenth, so that replicas do not march in step: random %d', async (random, expected) => {
    expect(await pausesOf(1_000, ['ok'], random)).toEqual([expected]);
  });

  it('pauses longer after each failure, up to a second', async () => {
    expect(await pausesOf(100, ['error', 'error', 'error', 'error', 'error'])).toEqual([200, 400, 800, 1_000, 1_000]);
  });

  it('keeps to an interval that is longer than a second when runs fail', async () => {
    expect(await pausesOf(5_000, ['error', 'error'])).toEqual([5_000, 5_000]);
  });

  it('is back at its interval after the first run that succeeds, and starts over with the next failure', async () => {
    expect(await pausesOf(100, ['error', 'error', 'ok', 'error'])).toEqual([200, 400, 100, 200]);
  });
});
