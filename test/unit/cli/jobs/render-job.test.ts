import { expect, it } from 'vitest';
import { renderJob } from '../../../../src/cli/jobs/render-job.js';
import type { JobCrash } from '../../../../src/job/crash.js';
import type { EpochMs } from '../../../../src/time/duration.js';
import { type JobView, numberOr0, parseAttempts } from '../../../../src/transport/queue-inspector.js';
import { jobView } from '../../../support/job-view.js';

const plain = (_format: unknown, text: string): string => text;
const at = (iso: string): EpochMs => Date.parse(iso) as EpochMs;

const attempt = {
  attempt: 1,
  worker: 'w1',
  startedAt: at('2026-03-04T05:06:07Z'),
  endedAt: at('2026-03-04T05:06:09Z'),
  error: { class: 'transient' as const, name: 'Error', message: 'no paper', fingerprint: 'f00' },
};

const job = (given: Partial<JobView>): JobView =>
  jobView({
    payload: { to: 'a@b.co' },
    meta: { version: 2, key: 'order-7' },
    enqueuedAt: at('2026-03-04T05:06:00Z'),
    attemptsMade: 1,
    starts: 2,
    attempts: [attempt],
    ...given,
  });

it('shows a job with its history and its payload', () => {
  expect(renderJob(job({}), plain)).toBe(
    [
      'job         7',
      'queue       email',
      'state       waiting',
      'kind        send-receipt, version 2',
      'key         order-7',
      'enqueued    2026-03-04T05:06:00.000Z',
      'attempts    1 used up, 2 starts',
      'history',
      '  1. 2026-03-04T05:06:07.000Z, 2.0s on w1: transient Error: no paper (f00)',
      'payload',
      '{',
      '  "to": "a@b.co"',
      '}',
    ].join('\n'),
  );
});

it('says that a job in no state is lost', () => {
  expect(renderJob(job({ state: 'unknown' }), plain)).toContain('the job is lost, see bulwark doctor');
});

it('cuts a long payload and says how to see all of it', () => {
  const text = renderJob(job({ payload: 'x'.repeat(5_000) }), plain);

  expect(text).toContain('… (--json shows all 5000 characters)');
});

it('lets nothing in a job play with the terminal', () => {
  const trick = '\u001b[2J\u0007gone';

  const text = renderJob(
    job({
      payload: `${trick} payload`,
      failedReason: `${trick} reason`,
      attempts: [{ ...attempt, error: { ...attempt.error, message: `${trick} error` } }],
    }),
    plain,
  );

  for (const word of ['gone payload', 'gone reason', 'gone error']) expect(text).toContain(word);
  for (const control of ['\u001b', '\u0007']) expect(text).not.toContain(control);
});

it('shows how a job lost its workers, and what the last of them wrote', () => {
  const crashHistory: JobCrash[] = [
    { at: at('2026-03-04T05:06:07Z'), how: 'silent', worker: 'w1', blockedMs: 9_000 },
    { at: at('2026-03-04T05:07:07Z'), how: 'unowned' },
    {
      at: at('2026-03-04T05:08:07Z'),
      how: 'exited',
      worker: 'w2-alone-1',
      alone: true,
      signal: 'SIGSEGV',
      rssBytes: 85 * 1_048_576,
      loopDelayMs: 20,
      lines: ['last words', '\u001b[2Jwiped'],
    },
  ];

  const text = renderJob(job({ crashes: 3, crashHistory }), plain);

  expect(text).toContain('1 used up, 2 starts, 3 crashes');
  expect(text).toContain(
    [
      'workers lost',
      '  2026-03-04T05:06:07.000Z w1 fell silent, blocked for 9.0s',
      '  2026-03-04T05:07:07.000Z its worker let go of the job',
      '  2026-03-04T05:08:07.000Z w2-alone-1 ended, killed by SIGSEGV, alone, with 85 MiB, loop delay 20ms',
      '    | last words',
    ].join('\n'),
  );
  expect(text).toContain('wiped');
  expect(text).not.toContain('\u001b');
});

it('shows a moment that is none as unknown, whatever a hash holds', () => {
  for (const written of ['abc', '1e300', '-5', 'NaN', '']) {
    const moment = numberOr0(written);

    const text = renderJob(job({ enqueuedAt: moment, startedAt: moment, finishedAt: moment }), plain).split('\n');

    for (const label of ['enqueued', 'started', 'finished']) expect(text).toContain(`${label.padEnd(12)}unknown`);
  }
});

it('shows a history that somebody else wrote as far as it can be read, and a job without a payload', () => {
  const history = [null, 7, { attempt: 1 }, { ...attempt, startedAt: 'abc' }];

  const text = renderJob(job({ attempts: parseAttempts(JSON.stringify(history)), payload: undefined }), plain);

  expect(text).toContain('  1. unknown, for an unknown time on w1: transient Error: no paper (f00)\npayload\nnone');
});
