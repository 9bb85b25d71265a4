import { expect, it } from 'vitest';
import { decideHalt } from '../../../src/dead-letter/decide-halt.js';

const policy = { minEnded: 10, maxFailingRatio: 0.5 };
const ends = (failed: number, well: number): boolean[] => [
  ...Array<boolean>(failed).fill(true),
  ...Array<boolean>(well).fill(false),
];

it.each<[string, boolean[], object]>([
  ['nothing has ended', [], { kind: 'go_on', reason: 'too_few_ended' }],
  ['nine failed, and that is too few', ends(9, 0), { kind: 'go_on', reason: 'too_few_ended' }],
  ['ten failed', ends(10, 0), { kind: 'halt', reason: 'failing_again', ended: 10, failed: 10 }],
  ['half of them failed', ends(5, 5), { kind: 'go_on', reason: 'healthy' }],
  ['more than half of them failed', ends(6, 5), { kind: 'halt', reason: 'failing_again', ended: 11, failed: 6 }],
  ['all went well', ends(0, 50), { kind: 'go_on', reason: 'healthy' }],
  [
    'many went well long ago',
    [...ends(0, 1_000), ...ends(51, 0)],
    { kind: 'halt', reason: 'failing_again', ended: 100, failed: 51 },
  ],
  ['many failed long ago', ends(400, 100), { kind: 'go_on', reason: 'healthy' }],
])('decides when %s', (_when, seen, decision) => {
  expect(decideHalt(seen, policy)).toEqual(decision);
});

it('never halts when all may fail', () => {
  expect(decideHalt(ends(1_000, 0), { minEnded: 1, maxFailingRatio: 1 })).toMatchObject({ kind: 'go_on' });
});
