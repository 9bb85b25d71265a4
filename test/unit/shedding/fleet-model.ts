import type { Criticality } from '../../../src/job/criticality.js';
import { estimateCapacity, isShowingCapacity } from '../../../src/shedding/capacity.js';
import {
  type ControllerParameters,
  calm,
  defaultParameters,
  stepController,
} from '../../../src/shedding/controller.js';
import { cutFor, isAbove, levelOf, openCut } from '../../../src/shedding/levels.js';
import { decideNeeds, reachInto } from '../../../src/shedding/reach.js';
import { decideReturnRate } from '../../../src/shedding/readmission.js';
import { arrivalsIn, followRush, type Rush } from '../../../src/shedding/rush.js';
import { seededRandom } from '../../support/seeded-random.js';

type Mix = Readonly<Record<Criticality, number>>;

/** A fleet on a virtual clock: one FIFO, work that takes its time, a controller that acts through producers who hear of it late. */
export interface Scenario {
  /** Jobs a second, by when. */
  readonly load: (s: number) => number;
  /** What the fleet can complete in a second, by when. */
  readonly capacity: (s: number) => number;
  readonly mix?: Mix;
  readonly parameters?: Partial<ControllerParameters>;
  readonly seed: number;
}

export interface ModelReport {
  /** How long 99 of 100 critical jobs waited in the queue at most, from when they were let in, in seconds. */
  readonly criticalQueuedP99S: number;
  /** The same from their enqueue on: what was set aside waited there, too. */
  readonly criticalP99S: number;
  /** The same of `critical_plus` alone. */
  readonly criticalPlusP99S: number;
  /** How many critical jobs waited for longer than half of the SLO from their enqueue on, or were still set aside at the end. */
  readonly criticalLate: number;
  /** How often the share turned by more than a tenth. */
  readonly reversals: number;
  readonly parkedLeft: number;
  readonly lost: number;
  /** What was completed while there was enough to do, as a part of what could have been. */
  readonly goodput: number;
}

interface ModelJob {
  readonly criticality: Criticality;
  readonly level: number;
  readonly enqueuedAt: number;
  enteredAt: number;
}

const sloS = 30;
const lateS = sloS / 2;
const endS = 900;
const tickS = 0.1;
const producerLagS = 2;
const usualMix: Mix = { critical_plus: 0.1, critical: 0.3, sheddable_plus: 0.4, sheddable: 0.2 };
const order: readonly Criticality[] = ['critical_plus', 'critical', 'sheddable_plus', 'sheddable'];

export function runModel({ load, capacity, mix = usualMix, parameters = {}, seed }: Scenario): ModelReport {
  const tuned = { ...defaultParameters, ...parameters };
  const random = seededRandom(seed);
  const queue = new Fifo();
  const parked: Record<Criticality, ModelJob[]> = {
    critical_plus: [],
    critical: [],
    sheddable_plus: [],
    sheddable: [],
  };
  const cuts: number[] = [];
  const shares: number[] = [];
  const [queuedS, waitsS, plusWaitsS]: [number[], number[], number[]] = [[], [], []];
  let [state, known, rate] = [calm, undefined as number | undefined, 0];
  let needs: ReadonlySet<Criticality> = new Set();
  let [arrived, completed, steadyPerS, owed, due, returning] = [0, 0, 0, 0, 0, 0];
  let rush: Rush | undefined;
  let [arrivedThen, completedThen, sizeThen, busyCapacity, busyDone] = [0, 0, 0, 0, 0];

  for (let tick = 0; tick < endS / tickS; tick++) {
    const at = tick * tickS;
    due += load(at) * tickS * (0.8 + 0.4 * random());
    for (; due >= 1; due -= 1) {
      arrived += 1;
      const criticality = pick(mix, random());
      const job: ModelJob = {
        criticality,
        level: levelOf(criticality, `tenant-${Math.floor(random() * 500)}`, 0),
        enqueuedAt: at,
        enteredAt: at,
      };
      const cut = cuts[Math.floor(at - producerLagS)] ?? openCut;
      if (job.level < cut) parked[criticality].push(job);
      else queue.push(job);
    }
    returning += rate * tickS;
    for (; returning >= 1; returning -= 1) {
      const next = order
        .filter((each) => isAbove(each, cuts.at(-1) ?? openCut))
        .map((each) => parked[each])
        .find((each) => each.length > 0)
        ?.shift();
      if (next) queue.push(Object.assign(next, { enteredAt: at }));
    }
    if (queue.size > capacity(at)) busyCapacity += capacity(at) * tickS;
    owed = Math.min(owed + capacity(at) * tickS, capacity(at) * tickS + 1);
    const wasBusy = queue.size > capacity(at);
    for (; owed >= 1 && queue.size > 0; owed -= 1) {
      const job = queue.shift();
      completed += 1;
      if (wasBusy) busyDone += 1;
      if (!isCritical(job.criticality)) continue;
      queuedS.push(at - job.enteredAt);
      waitsS.push(at - job.enqueuedAt);
      if (job.criticality === 'critical_plus') plusWaitsS.push(at - job.enqueuedAt);
    }
    if (tick % 10 !== 9) continue;

    steadyPerS = 0.8 * steadyPerS + 0.2 * (arrived - arrivedThen);
    rush = followRush(rush, { usualPerS: steadyPerS, latestPerS: arrived - arrivedThen, elapsedS: 1 });
    const arrivalsPerS = arrivalsIn(rush, steadyPerS);
    const completionsPerS = completed - completedThen;
    known = estimateCapacity(known, { completionsPerS, isBusy: isShowingCapacity(queue.size, known), elapsedS: 1 });
    const capacityPerS = known ?? arrivalsPerS;
    [arrivedThen, completedThen] = [arrived, completed];
    const waitS = Math.max(queue.size / Math.max(capacityPerS, 1), at - (queue.oldest?.enteredAt ?? at));
    const waitRatio = waitS / sloS;
    const soonRatio = Math.max(0, queue.size + 10 * (queue.size - sizeThen)) / Math.max(capacityPerS, 1) / sloS;
    sizeThen = queue.size;
    state = stepController(
      state,
      { waitRatio, soonRatio, arrivalsPerS, capacityPerS, pressureShare: 0, elapsedS: 1 },
      tuned,
    );
    // In one FIFO all wait alike.
    const alike: Mix = { critical_plus: 1, critical: 1, sheddable_plus: 1, sheddable: 1 };
    const [ratios, soon] = [scaled(alike, waitRatio), scaled(alike, soonRatio)];
    needs = decideNeeds(needs, { ratios, soon, targetRatio: tuned.targetRatio, share: state.share });
    cuts.push(cutFor(state.share, scaled(mix, arrivalsPerS), (each) => reachInto(each, needs, ratios)));
    shares.push(state.share);
    rate = decideReturnRate(rate, {
      share: state.share,
      waitRatio,
      targetRatio: tuned.targetRatio,
      capacityPerS,
      elapsedS: 1,
    });
  }
  const parkedLeft = order.reduce((sum, each) => sum + parked[each].length, 0);
  return {
    criticalQueuedP99S: p99(queuedS),
    criticalP99S: p99(waitsS),
    criticalPlusP99S: p99(plusWaitsS),
    criticalLate: waitsS.filter((waitS) => waitS > lateS).length + parked.critical.length + parked.critical_plus.length,
    reversals: reversalsOf(shares),
    parkedLeft,
    lost: arrived - completed - parkedLeft - queue.size,
    goodput: busyCapacity === 0 ? 1 : busyDone / busyCapacity,
  };
}

/** How often a series turned around by more than a tenth. */
function reversalsOf(shares: readonly number[], least = 0.1): number {
  let [reversals, direction, extreme] = [0, 0, shares[0] ?? 0];
  for (const share of shares) {
    if (direction >= 0 && share > extreme) extreme = share;
    else if (direction <= 0 && share < extreme) extreme = share;
    else if (Math.abs(share - extreme) > least) {
      if (direction !== 0) reversals += 1;
      direction = Math.sign(share - extreme);
      extreme = share;
    }
    if (direction === 0 && Math.abs(share - (shares[0] ?? 0)) > least) direction = Math.sign(share - (shares[0] ?? 0));
  }
  return reversals;
}

function isCritical(criticality: Criticality): boolean {
  return criticality === 'critical' || criticality === 'critical_plus';
}

function p99(seconds: readonly number[]): number {
  return seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length * 0.99)] ?? 0;
}

function pick(mix: Mix, chance: number): Criticality {
  let left = chance;
  for (const criticality of order) {
    left -= mix[criticality];
    if (left < 0) return criticality;
  }
  return 'sheddable';
}

function scaled(mix: Mix, by: number): Mix {
  return Object.fromEntries(order.map((each) => [each, mix[each] * by])) as Record<Criticality, number>;
}

/** A queue whose front is not moved with every job that is taken. */
class Fifo {
  readonly #jobs: ModelJob[] = [];
  #taken = 0;

  get size(): number {
    return this.#jobs.length - this.#taken;
  }

  get oldest(): ModelJob | undefined {
    return this.#jobs[this.#taken];
  }

  push(job: ModelJob): void {
    this.#jobs.push(job);
  }

  shift(): ModelJob {
    return this.#jobs[this.#taken++] as ModelJob;
  }
}
