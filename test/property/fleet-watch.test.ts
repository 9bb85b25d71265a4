import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FleetWatch } from '../../src/recovery/fleet-watch.js';

const deadAfterMs = 5_000;
const maxGapMs = 2_500;
const beatMs = 1_000;

/** Pauses between looks, each within bounds: about a minute of uninterrupted watching. */
const anyLooks = fc.array(fc.integer({ min: 50, max: maxGapMs }), { minLength: 40, maxLength: 80 });

/** For each worker the moment at which it falls silent, as a part of the whole time; undefined never does. */
const anyFleet = (mostSilent: number) =>
  fc
    .tuple(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: mostSilent }),
      fc.integer({ min: 0, max: 8 }),
    )
    .map(([silences, steady]): (number | undefined)[] => [...silences, ...new Array<undefined>(steady)]);

/** What was thought of every worker at every look. */
function watchFleet(looks: readonly number[], fleet: readonly (number | undefined)[]) {
  const watch = new FleetWatch({ deadAfterMs, maxGapMs });
  const total = looks.reduce((sum, pause) => sum + pause, 0);
  let now = 0;
  return looks.flatMap((pause) => {
    now += pause;
    const workers = fleet.map((silentAt, index) => {
      const until = silentAt === undefined ? now : Math.min(now, silentAt * total);
      return { id: `w${index}`, aliveAt: Math.floor(until / beatMs) * beatMs };
    });
    watch.look(workers, now);
    const watchedMs = now - (looks[0] ?? 0);
    return workers.map(({ id, aliveAt }) => ({ ageMs: now - aliveAt, watchedMs, verdict: watch.verdictOn(id, now) }));
  });
}

describe('a watch that is not interrupted', () => {
  it('for any fleet with fewer than three silent workers, calls a worker dead at the first look after its time, and not before', () => {
    fc.assert(
      fc.property(anyLooks, anyFleet(2), (looks, fleet) => {
        for (const { ageMs, watchedMs, verdict } of watchFleet(looks, fleet)) {
          if (watchedMs > deadAfterMs) expect(verdict === 'dead').toBe(ageMs > deadAfterMs);
          else expect(verdict).not.toBe('dead');
        }
      }),
    );
  });

  it('for any fleet, however many fall silent, never calls a worker dead that beats', () => {
    fc.assert(
      fc.property(anyLooks, anyFleet(20), (looks, fleet) => {
        for (const { ageMs, verdict } of watchFleet(looks, fleet)) if (ageMs <= beatMs) expect(verdict).toBe('alive');
      }),
    );
  });

  it('for any fleet, calls every worker dead that was silent for three times as long as it takes', () => {
    fc.assert(
      fc.property(anyLooks, anyFleet(20), (looks, fleet) => {
        for (const { ageMs, watchedMs, verdict } of watchFleet(looks, fleet)) {
          if (ageMs > 3 * deadAfterMs && watchedMs > deadAfterMs) expect(verdict).toBe('dead');
        }
      }),
    );
  });
});

describe('a watch that is interrupted', () => {
  /** Workers that have just come back to Redis need a moment before they beat. */
  const reconnectMs = 1_500;

  it('for any outage during which nobody could beat or look, calls nobody dead that beats soon after it', () => {
    const anyOutage = fc.record({
      ms: fc.oneof(fc.integer({ min: 100, max: 6_000 }), fc.integer({ min: 100, max: 120_000 })),
      sinceBeatMs: fc.integer({ min: 0, max: beatMs }),
    });

    fc.assert(
      fc.property(fc.array(anyOutage, { minLength: 1, maxLength: 10 }), (outages) => {
        const watch = new FleetWatch({ deadAfterMs, maxGapMs });
        let now = 0;
        let lastBeat = 0;
        const passes = (ms: number) => {
          now += ms;
          watch.look([{ id: 'w1', aliveAt: lastBeat }], now);
          expect(watch.verdictOn('w1', now)).not.toBe('dead');
        };

        for (const { ms, sinceBeatMs } of outages) {
          for (let calm = 0; calm < 10; calm++) {
            lastBeat = now + beatMs;
            passes(beatMs);
          }
          passes(sinceBeatMs);
          passes(ms);
          passes(reconnectMs / 2);
          passes(reconnectMs / 2);
        }
      }),
    );
  });
});
