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

/** The worst of them. The last class is left out: there is nobody behind it to give way. */
export function worstWait({ critical_plus, critical, sheddable_plus }: WaitRatios): number {
  return Math.max(critical_plus, critical, sheddable_plus);
}
