import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decideFetch } from '../../../src/transport/decide-fetch.js';
import { FetchWatchdog } from '../../../src/transport/fetch-watchdog.js';

describe('decideFetch', () => {
  it.each([
    [0, 'ok'],
    [1, 'ok'],
    [14, 'ok'],
    [15, 'rebuild'],
    [16, 'ok'],
    [30, 'replace'],
    [31, 'ok'],
    [45, 'replace'],
  ])('after %i looks without an answer: %s', (silentLooks, verdict) => {
    expect(decideFetch(silentLooks, 15)).toBe(verdict);
  });
});

describe('FetchWatchdog', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  /** A watchdog over a consumer that asks and gets no answer. */
  function watch() {
    const consumer = { isAsking: true, isAway: false, answers: 3 };
    const stuck: (readonly [string, number])[] = [];
    const watchdog = new FetchWatchdog({
      fetchBlockMs: 10_000,
      isAsking: () => consumer.isAsking,
      isAway: () => consumer.isAway,
      answers: () => consumer.answers,
      onStuck: (action, silentMs) => stuck.push([action, silentMs]),
    });
    watchdog.start();
    // The first look learns how many answers there have been.
    vi.advanceTimersByTime(1_000);
    return { consumer, stuck, watchdog };
  }

  it('asks for a new connection after one period of silence and for a new process after each further one', () => {
    const { stuck } = watch();

    vi.advanceTimersByTime(45_000);

    expect(stuck).toEqual([
      ['rebuild', 15_000],
      ['replace', 30_000],
      ['replace', 45_000],
    ]);
  });

  it.each([
    ['an answer came', { answers: 4 }],
    ['nobody asked for a while', { isAsking: false }],
  ])('begins anew when %s', (_what, change) => {
    const { consumer, stuck } = watch();
    vi.advanceTimersByTime(14_000);

    Object.assign(consumer, change);
    vi.advanceTimersByTime(1_000);
    consumer.isAsking = true;
    vi.advanceTimersByTime(14_000);

    expect(stuck).toEqual([]);
  });

  it('does not count while the connection is being made, and goes on counting then', () => {
    const { consumer, stuck } = watch();
    vi.advanceTimersByTime(14_000);
    consumer.isAway = true;
    vi.advanceTimersByTime(60_000);
    expect(stuck).toEqual([]);

    consumer.isAway = false;
    vi.advanceTimersByTime(1_000);

    expect(stuck).toEqual([['rebuild', 15_000]]);
  });

  it('says nothing after it was stopped', async () => {
    const { stuck, watchdog } = watch();

    await watchdog.stop();
    vi.advanceTimersByTime(60_000);

    expect(stuck).toEqual([]);
  });
});
