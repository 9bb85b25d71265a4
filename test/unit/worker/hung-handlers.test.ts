import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/time/clock.js';
import { HungHandlers } from '../../../src/worker/hung-handlers.js';
import { recordingLog } from '../service/recording-log.js';

const leastAgeMs = 60_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** The handlers of a process that begins to live now, and what it was asked for. */
function startProcess() {
  const { log, lines } = recordingLog();
  const asked: string[] = [];
  const hung = new HungHandlers({ clock: systemClock, log, onHopeless: (reason) => asked.push(reason) });
  /** A handler that is given up on; `end` lets it end after all. */
  const giveUpOn = (jobId: string) => {
    let end: (how: 'returns' | 'throws') => void = () => undefined;
    const ended = new Promise((resolve, reject) => {
      end = (how) => (how === 'returns' ? resolve(undefined) : reject(new Error('late')));
    });
    hung.add({ jobId, kind: 'send', reason: new Error('took longer than 30s'), ended });
    return { end };
  };
  return { hung, asked, lines, giveUpOn };
}

describe('HungHandlers', () => {
  it('asks at once for the replacement of a process that has lived for a minute, and says why', async () => {
    const { asked, lines, giveUpOn } = startProcess();
    await vi.advanceTimersByTimeAsync(leastAgeMs);

    giveUpOn('42');

    expect(asked).toEqual(['the handler of job 42 (send) did not react to its signal: took longer than 30s']);
    expect(lines).toEqual(['error worker.hung']);
  });

  it('waits until a younger process is a minute old, or a pool whose calls all hang would do nothing but restart', async () => {
    const { asked, giveUpOn } = startProcess();
    await vi.advanceTimersByTimeAsync(leastAgeMs / 2);

    giveUpOn('42');
    await vi.advanceTimersByTimeAsync(leastAgeMs / 2 - 1);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);

    expect(asked).toHaveLength(1);
  });

  it.each(['returns', 'throws'] as const)('asks for nothing when the handler %s after all by then', async (how) => {
    const { hung, asked, giveUpOn } = startProcess();
    const handler = giveUpOn('42');

    handler.end(how);
    await vi.advanceTimersByTimeAsync(leastAgeMs);

    expect(hung.size).toBe(0);
    expect(asked).toEqual([]);
  });

  it('names one that still hangs, not one that has ended', async () => {
    const { asked, giveUpOn } = startProcess();
    const first = giveUpOn('first');
    giveUpOn('second');

    first.end('returns');
    await vi.advanceTimersByTimeAsync(leastAgeMs);

    expect(asked).toEqual([expect.stringContaining('job second')]);
  });

  it('judges a handler that hangs later, when none hung at the age of a minute', async () => {
    const { asked, giveUpOn } = startProcess();
    giveUpOn('first').end('returns');
    await vi.advanceTimersByTimeAsync(leastAgeMs);

    giveUpOn('second');

    expect(asked).toHaveLength(1);
  });

  it('asks once, however many hang', async () => {
    const { hung, asked, giveUpOn } = startProcess();
    for (const id of ['a', 'b']) giveUpOn(id);
    await vi.advanceTimersByTimeAsync(leastAgeMs);
    for (const id of ['c', 'd']) giveUpOn(id);
    await vi.advanceTimersByTimeAsync(leastAgeMs);

    expect(hung.size).toBe(4);
    expect(asked).toHaveLength(1);
  });

  it('asks for nothing once it is stopped, and leaves no timer behind', async () => {
    const { hung, asked, giveUpOn } = startProcess();
    giveUpOn('42');

    hung.stop();
    await vi.advanceTimersByTimeAsync(leastAgeMs);
    giveUpOn('43');

    expect(asked).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
