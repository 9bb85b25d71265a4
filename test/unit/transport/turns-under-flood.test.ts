import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../support/seeded-random.js';
import { TurnModel } from '../../support/turn-model.js';

/** As in the proof `tenants`: ten slots, ten tenants that ask for two thirds of them, and a flood of fifty times one. */
const slots = 10;
const tenants = 10;
const perMs = 0.026;
const times = 50;
const calmMs = 15_000;
const floodMs = 12_000;

interface Arrival {
  readonly at: number;
  readonly tenant: number;
  readonly part: 'calm' | 'flood';
}

function arrivalsOf(random: () => number): Arrival[] {
  const arrivals: Arrival[] = [];
  for (let tenant = 0; tenant < tenants; tenant++) {
    for (let at = 0; at < calmMs + floodMs; ) {
      const rate = tenant === 0 && at >= calmMs ? perMs * times : perMs;
      at += -Math.log(1 - random()) / rate;
      arrivals.push({ at, tenant, part: at < calmMs ? 'calm' : 'flood' });
    }
  }
  return arrivals.sort((one, other) => one.at - other.at);
}

/** What nobody can do better without interrupting jobs: whoever does not flood goes before all of the flood, in the order in which they came. */
class StrictModel {
  readonly #others: string[] = [];
  readonly #flood: string[] = [];

  add(id: string, tenant: string): void {
    (tenant === 'tenant-0' ? this.#flood : this.#others).push(id);
  }

  take(_count: 1): { readonly id: string }[] {
    const id = this.#others.shift() ?? this.#flood.shift();
    return id === undefined ? [] : [{ id }];
  }
}

/** How long each job of the others waited, on a virtual clock, until all that came in the flood had come. */
function waitsOf(
  seed: number,
  callMs: number,
  model: StrictModel | TurnModel = new TurnModel(),
): Record<Arrival['part'], number[]> {
  const arrivals = arrivalsOf(seededRandom(seed));
  const freeAt = Array.from({ length: slots }, () => 0);
  const waits: Record<Arrival['part'], number[]> = { calm: [], flood: [] };
  const start = (now: number) => {
    for (let slot = freeAt.indexOf(Math.min(...freeAt)); (freeAt[slot] ?? 0) <= now; ) {
      const startsAt = freeAt[slot] ?? 0;
      const [job] = model.take(1);
      if (!job) return;
      const { at, tenant, part } = arrivals[Number(job.id)] as Arrival;
      const begunAt = Math.max(startsAt, at);
      if (tenant !== 0) waits[part].push(begunAt - at);
      freeAt[slot] = begunAt + callMs;
      slot = freeAt.indexOf(Math.min(...freeAt));
    }
  };
  for (const [index, { at, tenant }] of arrivals.entries()) {
    start(at);
    model.add(String(index).padStart(6, '0'), `tenant-${tenant}`, 1);
    start(at);
  }
  return waits;
}

function p99(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length * 0.99)] ?? Number.NaN;
}

describe('turns under a flood, on a virtual clock', () => {
  // One run measures 99 of 100 of a few thousand waits that come in bunches: alone it says little.
  it.each([[1], [1_001], [2_001]])('let the others wait at most twice as long, over ten runs from seed %i', (seed) => {
    const runs = Array.from({ length: 10 }, (_, run) => waitsOf(seed + run, 26));
    const calm = p99(runs.flatMap((waits) => waits.calm));
    const flood = p99(runs.flatMap((waits) => waits.flood));

    expect(calm).toBeGreaterThan(5);
    expect(flood / calm).toBeLessThanOrEqual(2);
  });

  it.each([[25], [26], [27]])(
    'let the others wait hardly longer than a strict priority would, with calls of %i ms',
    (callMs) => {
      const seeds = Array.from({ length: 10 }, (_, run) => 3_001 + run);
      const underTurns = p99(seeds.flatMap((seed) => waitsOf(seed, callMs).flood));
      const atBest = p99(seeds.flatMap((seed) => waitsOf(seed, callMs, new StrictModel()).flood));

      expect(underTurns / atBest).toBeLessThanOrEqual(1.1);
    },
  );
});
