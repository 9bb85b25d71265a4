import { describe, expect, it } from 'vitest';
import { Cohorts } from '../../../src/shedding/cohorts.js';
import { levelOf } from '../../../src/shedding/levels.js';

const hourMs = 3_600_000;

describe('the cohorts that a process remembers', () => {
  it('are those that are dealt, however many tenants it meets, and in the next hour those of that hour', () => {
    const cohorts = new Cohorts();
    const tenants = Array.from({ length: 10_000 }, (_, n) => `tenant-${n % 9_000}`);

    for (const hour of [494_000, 494_001, 494_000]) {
      const now = hour * hourMs + 1_234;
      expect(tenants.map((each) => cohorts.levelOf('critical', each, now))).toEqual(
        tenants.map((each) => levelOf('critical', each, now)),
      );
    }
  });
});
