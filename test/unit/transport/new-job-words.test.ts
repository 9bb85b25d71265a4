import { describe, expect, it } from 'vitest';
import type { EpochMs } from '../../../src/time/duration.js';
import { packWords } from '../../../src/transport/job-words.js';
import { type NewJob, NewJobWords } from '../../../src/transport/new-job-words.js';

function newJob(job: Partial<NewJob> = {}): NewJob {
  return {
    id: 'a1',
    kind: 'charge',
    payloadJson: '{}',
    meta: { version: 1, producer: 'p' },
    enqueuedAt: 1_000 as EpochMs,
    delayMs: 0,
    priority: 0,
    ...job,
  };
}

/** The options that add-many.lua writes. */
function optionsOf(job: NewJob, words = new NewJobWords()): unknown {
  const { ownOptsJson, common } = words.of(job);
  return JSON.parse(ownOptsJson || `${common.optsHead}${job.id}${common.optsTail}`);
}

const others: readonly [what: string, job: Partial<NewJob>][] = [
  ['another kind', { kind: 'refund' }],
  ['another moment', { enqueuedAt: 2_000 as EpochMs }],
  ['a delay', { delayMs: 5 }],
  ['a priority', { priority: 3 }],
  ['a turn', { share: '1 acme' }],
  ['a trace', { carrier: 'trace' }],
  ['another version', { meta: { version: 2, producer: 'p' } }],
  ['a tenant', { meta: { version: 1, tenant: 'acme', producer: 'p' } }],
  ['a deadline', { meta: { version: 1, deadline: 9 as EpochMs, producer: 'p' } }],
  ['a key', { meta: { version: 1, key: 'k', producer: 'p' } }],
  ['another field of meta in place of one', { meta: { version: 1, tenant: 'p' } }],
];

describe('the words of a new job', () => {
  it.each<[what: string, job: Partial<NewJob>, options: object]>([
    ['its id and meta', {}, { jobId: 'a1', bw: { version: 1, producer: 'p' } }],
    ['a delay', { delayMs: 5, meta: {} }, { jobId: 'a1', delay: 5, bw: {} }],
    ['a priority', { priority: 3, meta: {} }, { jobId: 'a1', priority: 3, bw: {} }],
    ['the priority of turns', { share: '1 acme', meta: {} }, { jobId: 'a1', priority: 1, bw: {} }],
    ['what it carries', { carrier: 'trace', meta: {} }, { jobId: 'a1', bw: {}, tm: 'trace' }],
    ['its key', { meta: { key: 'order-1' } }, { jobId: 'a1', bw: { key: 'order-1' } }],
    ['an id that also stands elsewhere', { id: 'p', meta: { producer: 'p' } }, { jobId: 'p', bw: { producer: 'p' } }],
    ['an id with a quote', { id: 'a"b', meta: {} }, { jobId: 'a"b', bw: {} }],
  ])('hold %s in its options', (_what, job, options) => {
    expect(optionsOf(newJob(job))).toEqual(options);
  });

  it('are those of the job before but for id and payload, when nothing else differs', () => {
    const words = new NewJobWords();

    const [one, other] = [words.of(newJob()), words.of(newJob({ id: 'b2', payloadJson: '[]' }))];

    expect(other.common).toBe(one.common);
    expect(other).toMatchObject({ id: 'b2', dataJson: '[]' });
  });

  it('keep what jobs with keys have in common', () => {
    const words = new NewJobWords();
    const keyed = (id: string) => words.of(newJob({ id, meta: { key: id }, fingerprint: 'print' }));

    expect(packWords([keyed('a'), keyed('b')]).slice(10)).toEqual([
      ...['a', '{}', '{"jobId":"a","bw":{"key":"a"}}', 'print'],
      ...['b', '{}', '{"jobId":"b","bw":{"key":"b"}}', 'print'],
    ]);
  });

  it.each(others)('are never those of the job before when there is %s', (_what, other) => {
    const alone = new NewJobWords().of(newJob(other));
    const words = new NewJobWords();

    const [before, beside, after] = [words.of(newJob()), words.of(newJob(other)), words.of(newJob())];

    expect(beside).toEqual(alone);
    expect(beside.common).not.toEqual(before.common);
    expect(after).toEqual(before);
  });
});
