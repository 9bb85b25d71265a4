import { describe, expect, it } from 'vitest';
import {
  type GivenFilter,
  type GivenSelection,
  type LetterFilter,
  matchesFilter,
  parseFilter,
  parseSelection,
  spokenSelection,
} from '../../../src/dead-letter/letter-filter.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { aLetter } from './letter-summary.js';

const now = Date.parse('2026-03-04T16:00:00Z') as EpochMs;
const at = (iso: string): EpochMs => Date.parse(iso) as EpochMs;

describe('matchesFilter', () => {
  const letter = aLetter({ tenant: 'acme', diedAt: 1_000 as EpochMs });

  it.each<[LetterFilter, boolean]>([
    [{}, true],
    [{ kind: 'send-receipt' }, true],
    [{ kind: 'send' }, false],
    [{ fingerprint: 'f00' }, true],
    [{ fingerprint: 'f0' }, false],
    [{ reason: 'attempts_exhausted' }, true],
    [{ reason: 'unknown' }, false],
    [{ tenant: 'acme' }, true],
    [{ tenant: 'other' }, false],
    [{ since: 1_000 as EpochMs }, true],
    [{ since: 1_001 as EpochMs }, false],
    [{ until: 1_001 as EpochMs }, true],
    [{ until: 1_000 as EpochMs }, false],
    [{ kind: 'send-receipt', tenant: 'other' }, false],
    [{ kind: 'send-receipt', tenant: 'acme', since: 0 as EpochMs }, true],
  ])('%j lets it through: %j', (filter, expected) => {
    expect(matchesFilter(filter, letter)).toBe(expected);
  });

  it('takes a letter without a tenant for nobody in particular', () => {
    expect(matchesFilter({ tenant: 'acme' }, aLetter())).toBe(false);
  });
});

describe('parseFilter', () => {
  it.each<[GivenFilter, LetterFilter]>([
    [{}, {}],
    [{ since: '2h' }, { since: at('2026-03-04T14:00:00Z') }],
    [{ until: '90s' }, { until: at('2026-03-04T15:58:30Z') }],
    [{ since: '2026-03-04T10:00:00Z' }, { since: at('2026-03-04T10:00:00Z') }],
    [{ since: '2026-03-04' }, { since: at('2026-03-04T00:00:00Z') }],
    [
      { since: '2h', until: '1h' },
      { since: at('2026-03-04T14:00:00Z'), until: at('2026-03-04T15:00:00Z') },
    ],
    [
      { reason: 'poison', kind: 'a', tenant: 'b', fingerprint: 'c' },
      { kind: 'a', fingerprint: 'c', reason: 'poison', tenant: 'b' },
    ],
  ])('reads %j', (given, filter) => {
    expect(parseFilter(given, now)).toEqual({ value: filter });
  });

  it.each<[GivenFilter, string]>([
    [{ since: 'yesterday' }, '--since yesterday is no moment; expected a duration such as 2h'],
    [{ until: '5' }, '--until 5 is no moment'],
    [{ since: '2026-13-01' }, 'is no moment'],
    [{ since: '1h', until: '2h' }, '--since 1h is not before --until 2h'],
    [{ reason: 'poisn' }, 'did you mean poison?'],
  ])('refuses %j', (given, fault) => {
    expect(parseFilter(given, now)).toEqual({ fault: expect.stringContaining(fault) });
  });
});

describe('parseSelection', () => {
  const select = (given: Partial<GivenSelection>) => parseSelection({ ids: [], ...given }, now);

  it.each<[Partial<GivenSelection>, object]>([
    [{ ids: ['1', '2', '1'] }, { kind: 'ids', ids: ['1', '2'] }],
    [{ all: true }, { kind: 'filter', filter: {} }],
    [{ limit: 3 }, { kind: 'filter', filter: {}, limit: 3 }],
    [
      { kind: 'a', limit: 3 },
      { kind: 'filter', filter: { kind: 'a' }, limit: 3 },
    ],
  ])('reads %j', (given, selection) => {
    expect(select(given)).toEqual({ value: selection });
  });

  it.each<[Partial<GivenSelection>, string]>([
    [{}, 'say which dead letters'],
    [{ ids: ['1'], all: true }, 'not both'],
    [{ ids: ['1'], kind: 'a' }, 'not both'],
    [{ ids: ['1'], limit: 1 }, 'not both'],
    [{ all: true, kind: 'a' }, '--all means all of them'],
    [{ all: true, limit: 5 }, '--limit 5 only some'],
    [{ since: 'x' }, 'is no moment'],
  ])('refuses %j', (given, fault) => {
    expect(select(given)).toEqual({ fault: expect.stringContaining(fault) });
  });

  it.each<[Partial<GivenSelection>, string]>([
    [{ ids: ['1', '2'] }, '1 2'],
    [
      { ids: Array.from({ length: 23 }, (_, n) => `${n}`) },
      `${Array.from({ length: 20 }, (_, n) => n).join(' ')} and 3 more`,
    ],
    [{ all: true }, 'all'],
    [{ kind: 'a', since: '2h', limit: 3 }, 'kind=a since=2026-03-04T14:00:00.000Z limit=3'],
  ])('says %j as %j', (given, words) => {
    const parsed = select(given);

    expect('value' in parsed && spokenSelection(parsed.value)).toBe(words);
  });
});
