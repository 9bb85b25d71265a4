import { describe, expect, it } from 'vitest';
import { type LetterGroup, LetterTally, spokenCause } from '../../../src/dead-letter/group-letters.js';
import type { LetterSummary } from '../../../src/dead-letter/record.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { aLetter } from './letter-summary.js';

function groupsOf(...letters: LetterSummary[]): LetterGroup[] {
  const tally = new LetterTally();
  for (const letter of letters) tally.add(letter);
  return tally.groups();
}

const at = (ms: number) => ms as EpochMs;

describe('LetterTally', () => {
  it('counts letters of one cause, with when the first and the last of them died, in whatever order they come', () => {
    const groups = groupsOf(aLetter({ diedAt: at(20) }), aLetter({ diedAt: at(30) }), aLetter({ diedAt: at(10) }));

    expect(groups).toMatchObject([{ count: 3, since: 10, last: 30, kind: 'send-receipt', fingerprint: 'f00' }]);
  });

  it.each<[string, LetterSummary]>([
    ['queue', aLetter({ queue: 'other' })],
    ['kind', aLetter({ kind: 'other' })],
    ['reason', aLetter({ reason: 'expired' })],
    ['fingerprint', aLetter({ error: { fingerprint: 'other' } })],
  ])('keeps letters apart that differ in %s', (_what, letter) => {
    expect(groupsOf(aLetter(), letter)).toHaveLength(2);
  });

  it('has the cause with most letters first, of equally many the last one', () => {
    const groups = groupsOf(
      aLetter({ kind: 'a', diedAt: at(1) }),
      aLetter({ kind: 'b', diedAt: at(2) }),
      aLetter({ kind: 'c' }),
      aLetter({ kind: 'c' }),
    );

    expect(groups.map(({ kind }) => kind)).toEqual(['c', 'b', 'a']);
  });

  it('shows the message as it is when all have the same, and without what varies when they differ', () => {
    const of = (message: string) => aLetter({ error: { message } });

    expect(groupsOf(of('no order 7'), of('no order 7'))[0]?.message).toBe('no order 7');
    expect(groupsOf(of('no order 7'), of('no order 8'))[0]?.message).toBe('no order <n>');
    expect(groupsOf(of('first\nsecond'))[0]?.message).toBe('first');
  });

  it('says what to do', () => {
    expect(groupsOf(aLetter())[0]?.advice).toMatchObject({ class: 'redrive' });
  });
});

describe('spokenCause', () => {
  it.each([
    [{ name: 'Error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED smtp:25' }, 'connect ECONNREFUSED smtp:25'],
    [{ name: 'Error', code: 'HTTP 503', message: 'try later' }, 'HTTP 503: try later'],
    [{ name: 'TypeError', message: 'x is no function' }, 'TypeError: x is no function'],
    [{ name: 'Error', message: '' }, 'Error'],
  ])('says %j as %j', (error, words) => {
    expect(spokenCause(error)).toBe(words);
  });
});
