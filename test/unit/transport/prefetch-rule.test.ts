import { describe, expect, it } from 'vitest';
import { PrefetchRule } from '../../../src/transport/prefetch-rule.js';

function after(...steps: readonly (number | 'refused')[]): boolean {
  const rule = new PrefetchRule();
  for (const step of steps) {
    if (step === 'refused') rule.refuse();
    else rule.ran(step);
  }
  return rule.holds;
}

const short = (times: number): number[] => Array.from({ length: times }, () => 2);

describe('PrefetchRule', () => {
  it.each([
    ['at first', [], false],
    ['after nineteen short runs', short(19), false],
    ['after twenty short runs', short(20), true],
    ['after a run that was longer', [...short(30), 2.1], false],
    ['after twenty more', [...short(30), 2.1, ...short(20)], true],
    ['after the queue had too little', [...short(30), 'refused' as const], false],
    ['after nineteen more', [...short(30), 'refused' as const, ...short(19)], false],
  ])('%s', (_when, steps, expected) => {
    expect(after(...steps)).toBe(expected);
  });
});
