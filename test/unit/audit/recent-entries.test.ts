import { expect, it } from 'vitest';
import { parseRecentEntry } from '../../../src/audit/recent-entries.js';

const words = (fields: Readonly<Record<string, string | number>>): string[] =>
  Object.entries(fields).flatMap(([name, value]) => [name, String(value)]);

it.each([
  [
    'letters',
    {
      v: 1,
      at: 5,
      by: 'ada@ops',
      what: 'dead_letters.redrive',
      queue: 'email',
      why: 'operator',
      count: 3,
      details: '{}',
    },
    { at: 5, what: 'dead_letters.redrive', subject: 'email', by: 'ada@ops', why: 'operator', count: 3 },
  ],
  [
    'a breaker',
    { v: 1, at: 5, by: 's1', what: 'breaker.open', breaker: 'smtp', why: 'failure_rate', details: '{}' },
    { at: 5, what: 'breaker.open', subject: 'smtp', by: 's1', why: 'failure_rate', count: null },
  ],
  [
    'the whole pool, by a version that writes more',
    { at: 5, by: 'ada', what: 'shed.set', seq: 7, hash: 'ab' },
    { at: 5, what: 'shed.set', subject: null, by: 'ada', why: '', count: null },
  ],
])('reads an entry about %s', (_title, fields, entry) => {
  expect(parseRecentEntry(words(fields))).toEqual(entry);
});

it.each([[[]], [['at']], [words({ at: 'soon', by: 'x', what: 'y' })], [words({ at: 5, by: 'x' })]])(
  'leaves out what is no entry: %j',
  (fields) => {
    expect(parseRecentEntry(fields)).toBeUndefined();
  },
);
