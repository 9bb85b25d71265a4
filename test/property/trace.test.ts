import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideNext } from '../../src/cli/trace/decide-next.js';
import { judgeFleet } from '../../src/cli/trace/judge-fleet.js';
import { renderTrace } from '../../src/cli/trace/render-trace.js';
import type { Life } from '../../src/cli/trace/tell-life.js';
import { tellStory } from '../../src/cli/trace/tell-story.js';
import { parseCrashes } from '../../src/job/crash.js';
import { parseTrail } from '../../src/job/trail.js';
import { type JobView, numberOr0, parseAttempts } from '../../src/transport/queue-inspector.js';
import { jobView } from '../support/job-view.js';

const now = 1_700_000_000_000;
const plain = (_format: unknown, text: string): string => text;

/** Moments near to now, so that they fall together often, and everything else that people write for one. */
const anyMoment = fc.oneof(
  fc.integer({ min: now - 50, max: now + 50 }),
  fc.constantFrom<unknown>(0, -1, 1e300, Number.NaN, null, '', 'soon', {}, [], true, undefined),
);
const anyText = fc.oneof(fc.string(), fc.constantFrom<unknown>(null, 7, {}, 'w1', 'w2', '\u001b[2J\n'));
const anyAttempt = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      attempt: fc.oneof(fc.integer(), anyText),
      worker: anyText,
      startedAt: anyMoment,
      endedAt: anyMoment,
      error: fc.record({ name: anyText, code: anyText, message: anyText, fingerprint: anyText }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  ),
);
const anyCrash = fc.record(
  { at: anyMoment, how: fc.constantFrom('exited', 'silent', 'unowned', 'eaten'), worker: anyText, signal: anyText },
  { requiredKeys: ['at', 'how'] },
);
const anyEntry = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      at: anyMoment,
      what: fc.oneof(
        anyText,
        fc.constantFrom('parked', 'given_back', 'redriven', 'dead_lettered', 'crashed', 'noted', 'enqueued'),
      ),
      reason: anyText,
      by: anyText,
      until: anyMoment,
      first: anyMoment,
      times: fc.oneof(fc.nat(4), anyText),
      crashes: fc.oneof(fc.nat(4), anyText),
      enqueuedAt: anyMoment,
      how: fc.constantFrom('exited', 'silent'),
    },
    { requiredKeys: [] },
  ),
);
const written = <T>(values: fc.Arbitrary<T>) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.array(values, { maxLength: 8 }).map((list) => JSON.stringify(list)) },
    fc.string(),
  );
const states = [
  'waiting',
  'delayed',
  'active',
  'completed',
  'failed',
  'waiting-children',
  'prioritized',
  'unknown',
  '',
];

/** A job as the inspector reads it from a hash that anybody may have written. */
const anyJob: fc.Arbitrary<JobView> = fc
  .record({
    state: fc.constantFrom(...states),
    timestamp: anyMoment,
    startedAt: fc.option(anyMoment, { nil: undefined }),
    finishedAt: fc.option(anyMoment, { nil: undefined }),
    starts: fc.string(),
    attempts: written(anyAttempt),
    crashes: written(anyCrash),
    trail: written(anyEntry),
    steps: fc.array(fc.record({ name: fc.string(), at: anyMoment }), { maxLength: 4 }),
    result: fc.jsonValue(),
    worker: fc.option(fc.string(), { nil: undefined }),
    deathRecord: fc.oneof(fc.jsonValue(), fc.record({ reason: anyText, by: anyText, error: anyText })),
  })
  .map(({ timestamp, startedAt, finishedAt, starts, attempts, crashes, trail, steps, ...rest }) =>
    jobView({
      ...rest,
      enqueuedAt: numberOr0(String(timestamp)),
      startedAt: startedAt === undefined ? undefined : numberOr0(String(startedAt)),
      finishedAt: finishedAt === undefined ? undefined : numberOr0(String(finishedAt)),
      starts: numberOr0(starts),
      attempts: parseAttempts(attempts),
      crashHistory: parseCrashes(crashes),
      trail: parseTrail(trail),
      steps: steps as JobView['steps'],
    }),
  );
const anyLives: fc.Arbitrary<Life[]> = fc
  .tuple(fc.array(anyJob, { maxLength: 3 }), anyJob, fc.boolean())
  .map(([deaths, last, isDead]): Life[] => [
    ...deaths.map((job, index) => ({ job, deadId: `7~${index}` })),
    { job: last, ...(isDead && { deadId: '7' }) },
  ]);

/** How many moments what was kept of a life makes at least. */
function leastMoments({ job, deadId }: Life): number {
  const isOver = deadId !== undefined || job.state === 'completed' || job.state === 'failed';
  const { attempts, crashHistory, trail, steps } = job;
  return 1 + 2 * attempts.length + crashHistory.length + trail.length + steps.length + (isOver ? 1 : 0);
}

describe('the story of a job', () => {
  it('for any facts, is told in order, and loses none of them', () => {
    fc.assert(
      fc.property(anyLives, (lives) => {
        const moments = tellStory(lives, now);

        const times = moments.flatMap(({ at }) => (at === null ? [] : [at]));
        expect(times).toEqual([...times].sort((a, b) => a - b));
        // Beside them there is at most the last start of each life, and the first of an entry that happened several times.
        const least = lives.reduce((sum, life) => sum + leastMoments(life), 0);
        const entries = lives.reduce((sum, { job }) => sum + job.trail.length, 0);
        expect(moments.length).toBeGreaterThanOrEqual(least);
        expect(moments.length).toBeLessThanOrEqual(least + lives.length + entries);
        for (const { job } of lives) {
          const told = moments.filter(({ what }) => what === 'step_done').length;
          expect(told).toBeGreaterThanOrEqual(job.steps.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('for any facts, begins each life with its enqueuing and ends each death with it, in the order of the lives', () => {
    fc.assert(
      fc.property(anyLives, (lives) => {
        const moments = tellStory(lives, now);

        const ends = moments.flatMap((moment) =>
          moment.what === 'enqueued' ? ['enqueued'] : 'deadId' in moment ? [moment.deadId] : [],
        );
        expect(ends).toEqual(lives.flatMap(({ deadId }) => ['enqueued', ...(deadId === undefined ? [] : [deadId])]));
      }),
    );
  });

  it('for any facts, is as long as it may be and counts what it leaves out', () => {
    fc.assert(
      fc.property(anyLives, fc.integer({ min: 60, max: 80 }), (lives, most) => {
        const many = [...lives, ...lives, ...lives, ...lives];

        const short = tellStory(many, now, most);

        const counted = short.map((moment) => (moment.what === 'left_out' ? moment.moments : 1));
        expect(short.length).toBeLessThanOrEqual(most);
        expect(counted.reduce((sum, count) => sum + count, 0)).toBe(tellStory(many, now, 100_000).length);
      }),
    );
  });

  it('for any facts, becomes a page of bounded lines that does nothing to the terminal', () => {
    fc.assert(
      fc.property(anyLives, fc.double(), anyText, (lives, dueAt, parkedFor) => {
        const last = lives.at(-1) as Life;
        const next = decideNext({
          state: last.job.state,
          dueAt,
          parkedFor: String(parkedFor),
          delayedBy: 'delay',
          children: 0,
          paused: true,
          limitedForMs: 1,
          service: judgeFleet([], last.job.queue, last.job.kind, 5_000),
          hasLeader: false,
        });

        const page = renderTrace({ ...last, now, moments: tellStory(lives, now), next }, plain);

        expect(page).not.toMatch(/[^\P{Cc}\n]/u);
        for (const line of page.split('\n')) expect(line.length).toBeLessThan(1_200);
      }),
    );
  });
});
