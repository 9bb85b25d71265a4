import { describe, expect, it } from 'vitest';
import type { Next } from '../../../../src/cli/trace/decide-next.js';
import type { Moment } from '../../../../src/cli/trace/moment.js';
import type { Trace } from '../../../../src/cli/trace/read-trace.js';
import { renderTrace } from '../../../../src/cli/trace/render-trace.js';
import { breakerState } from '../../../support/breaker-state.js';
import { jobView } from '../../../support/job-view.js';

const plain = (_format: unknown, text: string): string => text;
const start = Date.parse('2026-03-04T05:06:07Z');
const smtp = { name: 'Error', code: 'ECONNREFUSED', message: 'no\nsmtp', class: 'transient', fingerprint: 'f00' };

const trace = (moments: readonly Moment[], given: Partial<Trace> = {}): Trace => ({
  job: jobView({ state: 'waiting', meta: { version: 2 }, starts: 2, attemptsMade: 1 }),
  now: start + 10_000,
  moments,
  next: { what: 'starts', ahead: 1, freeSlots: 4, obstacles: [] },
  ...given,
});
const render = (...given: Parameters<typeof trace>) => renderTrace(trace(...given), plain);
const ending = (next: Next, given: Partial<Trace> = {}) =>
  render([], { next, ...given })
    .split('\n\n')
    .at(-1)
    ?.trimStart();

it('is one page: what the job is, its moments from top to bottom, and what happens next', () => {
  const page = render([
    { at: start, what: 'enqueued', by: 'shop', key: 'order-7', tenant: 'acme' },
    { at: start + 20, what: 'started', worker: 'w1', attempt: 1, waitedMs: 20, waitedFor: 'turn' },
    { at: start + 1_200, what: 'attempt_failed', worker: 'w1', attempt: 1, ranMs: 1_180, error: smtp },
    { at: start + 3_000, what: 'started', worker: 'w2', attempt: 2, waitedMs: 1_800, waitedFor: 'backoff' },
    { at: start + 4_000, what: 'attempt_failed', worker: 'w2', attempt: 2, ranMs: 1_000, error: smtp },
  ]);

  expect(page).toBe(
    [
      'job         7',
      'queue       email',
      'kind        send-receipt, version 2',
      'state       waiting for 6.0s',
      'counts      2 starts, 1 attempt used up, 0 losses of its worker',
      'now         2026-03-04T05:06:17.000Z',
      '',
      '2026-03-04T05:06:07.000Z  enqueued by shop, key order-7, tenant acme',
      '                   +20ms  started on w1 as attempt 1, after 20ms in the queue',
      '                   +1.2s  attempt 1 failed after 1.2s: Error (ECONNREFUSED): no [transient, fingerprint f00]',
      '                   +3.0s  started on w2 as attempt 2, after 1.8s of backoff',
      '                   +4.0s  attempt 2 failed after 1.0s: the same error',
      '',
      'next        it starts: 1 job goes before it, and 4 slots are free for its kind',
    ].join('\n'),
  );
});

it('begins a chapter by its date: a redrive, another life, and what came hours later', () => {
  const page = render([
    { at: start, what: 'enqueued' },
    { at: start + 7_200_000, what: 'started' },
    { at: start + 7_200_500, what: 'dead_lettered', reason: 'expired' },
    { at: start + 7_300_000, what: 'redriven', by: 'op@host' },
    { at: null, what: 'step_done', name: 'charge' },
  ]);

  expect(page).toContain('2026-03-04T07:06:07.000Z  started\n                  +500ms  dead-lettered (expired)');
  expect(page).toContain('2026-03-04T07:07:47.000Z  redriven by op@host');
  expect(page).toContain(`\n${' '.repeat(26)}step charge was done`);
});

it('says that a fallback did the work, and because of what', () => {
  const page = render([
    { at: start, what: 'started' },
    { at: start + 10, what: 'fallback', breaker: 'smtp' },
    { at: start + 10, what: 'fallback' },
  ]);

  expect(page).toContain('its fallback ran instead of its handler: smtp was not to be called');
  expect(page).toContain('its fallback ran instead of its handler\n');
});

it('says where a clock must be wrong', () => {
  expect(render([{ at: start, saidAt: start + 90_000, what: 'enqueued' }])).toContain(
    'enqueued (by a clock that is 1m 30s ahead)',
  );
});

it('shows how a worker was lost, and what its process wrote last', () => {
  const page = render([
    {
      at: start,
      what: 'crashed',
      how: 'exited',
      crash: 2,
      worker: 'w1',
      signal: 'SIGSEGV',
      alone: true,
      rssBytes: 85 * 1_048_576,
      lines: ['{"level":"info","msg":"worker.started","pid":1}', '\u001b[2Jbad font'],
    },
  ]);

  expect(page).toContain(
    [
      'lost its worker w1 (loss 2): its process ended, killed by SIGSEGV, alone there, with 85 MiB',
      '                          | info worker.started',
      '                          | bad font',
    ].join('\n'),
  );
});

it('lets nothing in a job play with the terminal, nor break a line', () => {
  const trick = 'a\u001b[2J\u0007b\nc';
  const page = render([{ at: start, what: 'enqueued', by: trick, key: trick }], {
    job: jobView({ id: trick, kind: trick, steps: [{ name: trick }] }),
  });

  for (const control of ['\u001b', '\u0007']) expect(page).not.toContain(control);
  expect(page.split('\n')).toHaveLength(11);
});

describe('what happens next', () => {
  it('says what is in the way, and what to do about it', () => {
    const next: Next = {
      what: 'due',
      at: start + 15_000,
      because: 'backoff',
      obstacles: [{ what: 'queue_paused' }, { what: 'no_worker', idle: { draining: 2 } }],
    };

    expect(ending(next)).toBe(
      [
        'next        it comes back in 5.0s (2026-03-04T05:06:22.000Z), after its backoff',
        '            but queue email is paused: `bulwark queue resume email`',
        '            but no worker takes jobs of queue email (2 draining): `bulwark worker run`',
      ].join('\n'),
    );
  });

  it('names the worker that runs it, and what that says of itself', () => {
    const runner = {
      worker: 'w1',
      state: 'blocked' as const,
      blockedMs: 4_000,
      forMs: 9_000,
      leaseForMs: 800,
      progress: 40,
    };

    expect(ending({ what: 'ends', runner })).toBe(
      'next        it ends: it runs on w1, for 9.0s, and holds up its event loop for 4.0s, progress 40, lease for another 800ms',
    );
  });

  it('names the dead letter that somebody would redrive', () => {
    expect(ending({ what: 'nothing', because: 'dead_lettered' }, { deadId: '7~2' })).toContain(
      'nothing, until somebody redrives it: `bulwark dlq redrive email 7~2`',
    );
  });

  it('says that a job of a tenant that runs as many as it may waits for one of those', () => {
    expect(ending({ what: 'due', at: start + 30_000, because: 'tenant_slots:acme', obstacles: [] })).toContain(
      'it comes back as another job of its tenant ends',
    );
  });

  it('says so when a due time is no moment', () => {
    expect(ending({ what: 'due', at: 1e300, because: 'delay', obstacles: [] })).toContain('never');
  });
});

it('tells of a job whose breaker held it, who opened that, and what it waits for', () => {
  const breaker = breakerState({
    name: 'smtp',
    phase: 'isolated',
    reason: 'isolated',
    since: start,
    by: 'ada@host',
    why: 'moving',
  });
  const page = render(
    [
      { at: start, what: 'parked', reason: 'breaker:smtp', until: start + 40_000 },
      { at: start + 5_000, what: 'returned', reason: 'breaker:smtp' },
    ],
    {
      next: { what: 'returns', at: start + 40_000, breaker: 'smtp', obstacles: [{ what: 'breaker', breaker }] },
    },
  );

  expect(page.split('\n').slice(-5)).toEqual([
    '2026-03-04T05:06:07.000Z  set aside (breaker:smtp): the breaker smtp let no call through, for 40s at most',
    '                   +5.0s  brought back (breaker:smtp): the breaker smtp lets calls through',
    '',
    'next        it comes back as the breaker smtp lets calls through; else in 30s (2026-03-04T05:06:47.000Z)',
    '            but the breaker smtp is isolated for 10s (by ada@host: moving), until it is released: `bulwark breaker show smtp`',
  ]);
});

it.each([
  ['overload', 'there was more to do than could be done in time, and it gave way'],
  ['pressure', 'Redis or the event loops of the workers were slow, and it gave way'],
  ['operator', 'an operator had ordered that it gives way'],
])('tells of a job that gave way for %s why it did', (cause, said) => {
  const page = render([{ at: start, what: 'parked', reason: 'shed', cause, until: start + 40_000 }]);

  expect(page).toContain(`set aside (shed: ${cause}): ${said}, for 40s at most`);
});
