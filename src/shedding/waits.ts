import { type Criticality, criticalities } from '../job/criticality.js';
import type { WaitRatios } from './reach.js';

/** A queue as the controller sees it. */
export interface QueueLoad {
  readonly queue: string;
  readonly criticality: Criticality;
  readonly sloMs: number;
  /** Jobs that wait for a slot. */
  readonly waiting: number;
  readonly oldestAgeMs: number;
  readonly completionsPerS: number;
  /** How many more wait than a second ago; below zero when it is fewer. */
  readonly growthPerS: number;
}

/**
 * How long each class will wait, as a part of what it may: what waits in it and in front of it, over how fast that is done; or how long its
 * oldest job has waited already, where that is more. `queues` are those that take part: not the shut ones, whose work is set aside. Pure.
 */
export function predictWaits(queues: readonly QueueLoad[]): WaitRatios {
  const ratios: Record<Criticality, number> = { critical_plus: 0, critical: 0, sheddable_plus: 0, sheddable: 0 };
  let [waiting, completionsPerS] = [0, 0];
  for (const criticality of criticalities) {
    const ofClass = queues.filter((each) => each.criticality === criticality);
    for (const each of ofClass) {
      waiting += each.waiting;
      completionsPerS += each.completionsPerS;
    }
    const predictedMs = (1_000 * waiting) / Math.max(completionsPerS, 1);
    for (const { waiting: own, oldestAgeMs, sloMs } of ofClass) {
      if (own === 0) continue;
      ratios[criticality] = Math.max(ratios[criticality], Math.max(predictedMs, oldestAgeMs) / Math.max(sloMs, 1));
    }
  }
  return ratios;
}

/** Far enough to act before work is late, near enough not to act on the noise of a second. */
const soonS = 10;

/** The same in ten seconds, if the queues go on growing as in the last one. Pure. */
export function predictWaitsSoon(queues: readonly QueueLoad[]): WaitRatios {
  return predictWaits(
    queues.map((each) => ({ ...each, waiting: Math.max(0, each.waiting + soonS * each.growthPerS) })),
  );
}

/** The worst of them. The last class is left out: there is nobody behind it to give way. */
export function worstWait({ critical_plus, critical, sheddable_plus }: WaitRatios): number {
  return Math.max(critical_plus, critical, sheddable_plus);
}
