import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decidePace } from '../../src/dead-letter/decide-pace.js';

const rates = fc.integer({ min: 1, max: 100_000 });
const pauses = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 100 });

/** Asks after each pause, and says what went when. */
function walk(rate: number, pausesMs: readonly number[]): { readonly at: number; readonly count: number }[] {
  let nextAt = 0;
  let now = 0;
  return pausesMs.map((ms) => {
    now += ms;
    const decision = decidePace(nextAt, rate, now);
    nextAt = decision.nextAt;
    return { at: now, count: decision.count };
  });
}

it('for any pauses, never more go in a stretch of time than the rate allows, and a tenth of a second', () => {
  fc.assert(
    fc.property(rates, pauses, (rate, pausesMs) => {
      const moves = walk(rate, pausesMs);
      for (let from = 0; from < moves.length; from++) {
        let sum = 0;
        for (const { at, count } of moves.slice(from)) {
          sum += count;
          const allowed = ((at - (moves[from]?.at ?? 0)) * rate) / 1_000 + Math.max(1, rate / 10) + 1;
          expect(sum).toBeLessThanOrEqual(allowed + 1e-6);
        }
      }
    }),
  );
});

it('for any rate, whoever asks when it is told to gets the whole rate', () => {
  fc.assert(
    fc.property(rates, (rate) => {
      let nextAt = 0;
      let sent = 0;
      let now = 0;
      let standsStill = false;
      while (now < 200 && !standsStill) {
        const decision = decidePace(nextAt, rate, now);
        sent += decision.count;
        nextAt = decision.nextAt;
        standsStill = nextAt <= now;
        now = nextAt;
      }
      expect(standsStill).toBe(false);
      expect(sent).toBeGreaterThanOrEqual(Math.floor(rate / 5));
    }),
    { numRuns: 20 },
  );
});

it('for any moment that is too early, nothing goes and nothing is put off', () => {
  fc.assert(
    fc.property(rates, fc.integer({ min: 1, max: 10_000 }), (rate, early) => {
      expect(decidePace(10_000, rate, 10_000 - early)).toEqual({ count: 0, nextAt: 10_000 });
    }),
  );
});
