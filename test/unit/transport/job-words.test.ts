import { describe, expect, it } from 'vitest';
import { type JobWords, packWords, type RunWords } from '../../../src/transport/job-words.js';

function common(words: Partial<RunWords> = {}): RunWords {
  return {
    name: 'charge',
    optsHead: '{"jobId":"',
    optsTail: '"}',
    timestamp: 1_000,
    delay: 0,
    priority: 0,
    place: 'last',
    share: '',
    ...words,
  };
}

function job(id: string, words: Partial<JobWords> = {}): JobWords {
  return { id, dataJson: `"${id}"`, ownOptsJson: '', fingerprint: '', common: common(), ...words };
}

/** What stands in front of a run of so many jobs with so many words each. */
function head(length: number, each: number, words: Partial<RunWords> = {}): unknown[] {
  const { name, optsHead, optsTail, timestamp, delay, priority, place, share } = common(words);
  return [length, each, name, optsHead, optsTail, timestamp, delay, priority, place, share];
}

describe('the words of a call', () => {
  it('are none without a job', () => {
    expect(packWords([])).toEqual([]);
  });

  it('tell what jobs have in common once', () => {
    expect(packWords([job('a'), job('b')])).toEqual([...head(2, 2), 'a', '"a"', 'b', '"b"']);
  });

  it.each<[what: string, other: Partial<RunWords>]>([
    ['kinds', { name: 'refund' }],
    ['options', { optsTail: '","priority":3}' }],
    ['whole options', { optsHead: '{"attempts":3}', optsTail: '' }],
    ['moments', { timestamp: 1_001 }],
    ['delays', { delay: 5 }],
    ['priorities', { priority: 3 }],
    ['places', { place: 'first' }],
    ['tenants', { share: '1 acme' }],
  ])('keep jobs of different %s apart, in their order', (_what, other) => {
    const jobs = [job('a'), job('b', { common: common(other) }), job('c')];

    expect(packWords(jobs)).toEqual([
      ...head(1, 2),
      ...['a', '"a"'],
      ...head(1, 2, other),
      ...['b', '"b"'],
      ...head(1, 2),
      ...['c', '"c"'],
    ]);
  });

  it('tell options and fingerprints only of jobs that have some of their own', () => {
    const jobs = [job('a'), job('b', { fingerprint: 'print' }), job('c', { ownOptsJson: '{"own":1}' })];

    expect(packWords(jobs)).toEqual([
      ...head(1, 2),
      ...['a', '"a"'],
      ...head(2, 4),
      ...['b', '"b"', '', 'print'],
      ...['c', '"c"', '{"own":1}', ''],
    ]);
  });
});
