import { expect, it } from 'vitest';
import { recentEntry } from '../../../src/audit/recent-entries.js';
import { entryOfStream } from '../../../src/audit/stored-entry.js';

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
    'a job',
    { v: '2', at: 5, by: 'ada', what: 'job.cancel', queue: 'email', job: '42', why: 'operator' },
    { at: 5, what: 'job.cancel', subject: 'email 42', by: 'ada', why: 'operator', count: null },
  ],
  [
    'the whole pool, by a version that writes more',
    { at: 5, by: 'ada', what: 'shed.set', seq: 7, hash: 'ab' },
    { at: 5, what: 'shed.set', subject: null, by: 'ada', why: '', count: null },
  ],
])('reads an entry about %s', (_title, fields, entry) => {
  expect(recentEntry(entryOfStream('20260304', ['1-0', words(fields)]))).toEqual(entry);
});

it.each([[[]], [['at']], [words({ at: 'soon', by: 'x', what: 'y' })], [words({ at: 5, by: 'x' })]])(
  'leaves out what is no entry: %j',
  (fields) => {
    expect(recentEntry(entryOfStream('20260304', ['1-0', fields]))).toBeUndefined();
  },
);
