import { describe, expect, it } from 'vitest';
import type { Moment } from '../../../../src/cli/trace/moment.js';
import type { Life } from '../../../../src/cli/trace/tell-life.js';
import { tellStory } from '../../../../src/cli/trace/tell-story.js';
import type { JobCrash } from '../../../../src/job/crash.js';
import type { AttemptRecord } from '../../../../src/job/outcome.js';
import type { TrailEntry } from '../../../../src/job/trail.js';
import type { EpochMs } from '../../../../src/time/duration.js';
import type { JobView } from '../../../../src/transport/queue-inspector.js';
import { jobView } from '../../../support/job-view.js';

const now = 100_000;
const error = { class: 'transient' as const, name: 'Error', message: 'no paper', fingerprint: 'f00' };
const attempt = (number: number, startedAt: number, endedAt: number): AttemptRecord => ({
  attempt: number,
  worker: 'w1',
  startedAt: startedAt as EpochMs,
  endedAt: endedAt as EpochMs,
  error,
});
const crash = (at: number, given: Partial<JobCrash> = {}): JobCrash => ({
  at: at as EpochMs,
  how: 'exited',
  worker: 'w1',
  ...given,
});
const entry = (what: string, at: number, details: object = {}): TrailEntry => ({ what, at: at as EpochMs, ...details });

const life = (given: Partial<JobView>, deadId?: string): Life => ({
  job: jobView({ enqueuedAt: 1_000, ...given }),
  ...(deadId !== undefined && { deadId }),
});
const tell = (...lives: Life[]): Moment[] => tellStory(lives, now);
/** When and what, in one line each. */
const brief = (moments: readonly Moment[]): string[] => moments.map(({ at, what }) => `${at} ${what}`);

describe('the story of a job', () => {
  it('begins with who enqueued it, for whom and under which key', () => {
    const meta = {
      producer: 'shop',
      key: 'order-7',
      tenant: 'acme',
    };
    const carrier = JSON.stringify({ traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-00` });

    expect(tell(life({ meta, carrier, delayMs: 500 }))).toEqual([
      {
        at: 1_000,
        what: 'enqueued',
        by: 'shop',
        key: 'order-7',
        tenant: 'acme',
        traceId: 'ab'.repeat(16),
        delayMs: 500,
      },
    ]);
  });

  it('tells each attempt with what it waited for, how long it ran and why it failed, and how it completed', () => {
    const moments = tell(
      life({
        state: 'completed',
        attempts: [attempt(1, 1_200, 1_900)],
        attemptsMade: 2,
        startedAt: 3_000,
        finishedAt: 3_400,
        worker: 'w2',
        result: { sent: true },
      }),
    );

    expect(moments.slice(1)).toEqual([
      { at: 1_200, what: 'started', attempt: 1, worker: 'w1', waitedMs: 200, waitedFor: 'turn' },
      { at: 1_900, what: 'attempt_failed', attempt: 1, worker: 'w1', ranMs: 700, error },
      { at: 3_000, what: 'started', attempt: 2, worker: 'w2', waitedMs: 1_100, waitedFor: 'backoff' },
      { at: 3_400, what: 'completed', worker: 'w2', ranMs: 400, result: '{"sent":true}' },
    ]);
  });

  it('tells a start once when the attempt that began with it has failed', () => {
    const moments = tell(life({ state: 'delayed', attempts: [attempt(1, 1_200, 1_900)], startedAt: 1_200 }));

    expect(brief(moments)).toEqual(['1000 enqueued', '1200 started', '1900 attempt_failed']);
  });

  it('tells the run that is on, and which attempt it is', () => {
    const moments = tell(life({ state: 'active', startedAt: 1_500, attemptsMade: 1, worker: 'w1' }));

    expect(moments.at(-1)).toMatchObject({ at: 1_500, what: 'started', attempt: 2, worker: 'w1' });
  });

  it('tells how a job lost its workers, was set aside, died as poison, came back and completed', () => {
    const moments = tell(
      life({
        state: 'completed',
        enqueuedAt: 20_000,
        attemptsMade: 1,
        startedAt: 20_100,
        finishedAt: 20_300,
        trail: [
          entry('parked', 3_000, { reason: 'quarantine', until: 63_000, crashes: 2 }),
          entry('crashed', 2_000, crash(2_000)),
          entry('crashed', 2_990, crash(2_990)),
          entry('crashed', 5_000, crash(5_000, { alone: true })),
          entry('dead_lettered', 5_010, { reason: 'poison', by: 's1', crashes: 3, enqueuedAt: 1_000 }),
          entry('redriven', 20_000, { by: 'op@host' }),
        ],
      }),
    );

    expect(brief(moments)).toEqual([
      '1000 enqueued',
      '2000 crashed',
      '2990 crashed',
      '3000 parked',
      '5000 crashed',
      '5010 dead_lettered',
      '20000 redriven',
      '20100 started',
      '20300 completed',
    ]);
    expect(moments.filter(({ what }) => what === 'crashed')).toMatchObject([{ crash: 1 }, { crash: 2 }, { crash: 3 }]);
    expect(moments.at(-2)).toMatchObject({ waitedMs: 100, waitedFor: 'turn' });
  });

  it('tells the run of another worker after the loss of the first', () => {
    const given = { state: 'active', startedAt: 5_000, worker: 'w2', crashes: 1, crashHistory: [crash(2_000)] };

    expect(brief(tell(life(given)))).toEqual(['1000 enqueued', '2000 crashed', '5000 started']);
  });

  it('tells the steps that are done between the moments they were done at', () => {
    const steps = [{ name: 'charge', at: 1_300 }, { name: 'mail' }];

    const moments = tell(life({ steps, attempts: [attempt(1, 1_200, 1_900)] }));

    expect(moments.map(({ at, what, ...rest }) => [at, what, 'name' in rest ? rest.name : ''])).toEqual([
      [1_000, 'enqueued', ''],
      [1_200, 'started', ''],
      [1_300, 'step_done', 'charge'],
      [null, 'step_done', 'mail'],
      [1_900, 'attempt_failed', ''],
    ]);
  });

  it('tells the earlier deaths of an id before its present life', () => {
    const record = { reason: 'expired', by: 'w1', error: { name: 'JobExpiredError', message: 'too late' } };
    const death = life({ state: 'failed', finishedAt: 4_000, deathRecord: record }, '7~1');

    const moments = tell(death, life({ enqueuedAt: 6_000 }));

    expect(brief(moments)).toEqual(['1000 enqueued', '4000 dead_lettered', '6000 enqueued']);
    expect(moments[1]).toMatchObject({ reason: 'expired', by: 'w1', deadId: '7~1', error: { message: 'too late' } });
  });

  it('counts what happened many times in a row, with its first and its last time', () => {
    const parked = entry('parked', 9_000, { reason: 'newer_version', until: 14_000, first: 2_000, times: 8 });

    expect(tell(life({ state: 'delayed', trail: [parked] })).slice(1)).toEqual([
      { at: 2_000, what: 'parked', reason: 'newer_version' },
      { at: 9_000, what: 'parked', reason: 'newer_version', until: 14_000, times: 8 },
    ]);
  });

  it('keeps what the trail says and nobody here understands', () => {
    expect(tell(life({ trail: [entry('blessed', 2_000, { by: 'a priest' })] })).at(-1)).toEqual({
      at: 2_000,
      what: 'noted',
      name: 'blessed',
      details: '{"by":"a priest"}',
    });
  });

  it('is bounded: of a long one the middle is left out, and how much', () => {
    const attempts = Array.from({ length: 3_000 }, (_, n) => attempt(n + 1, 2_000 + 10 * n, 2_005 + 10 * n));

    const moments = tell(life({ attempts }));

    expect(moments).toHaveLength(400);
    const leftOut = moments.map((moment) => (moment.what === 'left_out' ? moment.moments : 1));
    expect(leftOut.reduce((sum, count) => sum + count)).toBe(1 + 2 * 3_000);
    expect(moments.at(-1)).toMatchObject({ what: 'attempt_failed', attempt: 3_000 });
  });
});

it('starts a job after it was redriven, though both be at the same moment', () => {
  const trail = [entry('dead_lettered', 3_000, { reason: 'expired' }), entry('redriven', 5_000)];

  const moments = tell(life({ trail, attempts: [attempt(1, 2_000, 3_000), attempt(1, 5_000, 5_000)] }));

  expect(brief(moments).slice(1)).toEqual([
    '2000 started',
    '3000 attempt_failed',
    '3000 dead_lettered',
    '5000 redriven',
    '5000 started',
    '5000 attempt_failed',
  ]);
});

describe('clocks that differ', () => {
  it('do not let a job start before it was enqueued: the clock of its producer is ahead', () => {
    const moments = tell(life({ enqueuedAt: 50_000, state: 'active', startedAt: 1_500 }));

    expect(moments).toMatchObject([
      { at: 1_500, saidAt: 50_000, what: 'enqueued' },
      { at: 1_500, what: 'started' },
    ]);
  });

  it('do not let an attempt end after the next has begun, and then say nothing of how long it ran', () => {
    const moments = tell(life({ attempts: [attempt(1, 1_200, 90_000), attempt(2, 2_000, 92_000)] }));

    expect(brief(moments)).toEqual([
      '1000 enqueued',
      '1200 started',
      '2000 attempt_failed',
      '2000 started',
      '92000 attempt_failed',
    ]);
    expect(moments[2]).toMatchObject({ saidAt: 90_000 });
    expect(moments[2]).not.toHaveProperty('ranMs');
  });

  it('do not let a suspect be set aside before it lost the workers for which it is', () => {
    const trail = [entry('parked', 3_000, { reason: 'quarantine', until: 63_000, crashes: 2 })];

    const moments = tell(life({ state: 'delayed', trail, crashes: 2, crashHistory: [crash(2_000), crash(3_400)] }));

    expect(brief(moments)).toEqual(['1000 enqueued', '2000 crashed', '3000 crashed', '3000 parked']);
  });

  it('do not let a worker be lost before it started the job', () => {
    const moments = tell(
      life({ startedAt: 5_000, worker: 'w9', crashes: 1, crashHistory: [crash(4_200, { worker: 'w9' })] }),
    );

    expect(brief(moments)).toEqual(['1000 enqueued', '5000 started', '5000 crashed']);
  });

  it('leave a moment that nobody knows without one, in its place', () => {
    const unknown = { ...attempt(1, 0, 0), startedAt: 'soon' as never, endedAt: Number.NaN as never };

    expect(brief(tell(life({ enqueuedAt: 0, attempts: [unknown] })))).toEqual([
      'null enqueued',
      'null started',
      'null attempt_failed',
    ]);
  });
});
