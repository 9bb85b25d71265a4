import { type Criticality, criticalities } from '../job/criticality.js';
import { ceilingOf } from './levels.js';

/**
 * Which queues are shut. A queue holds one class, so a class that gives way as a whole is shed by not taking from its queues: at once, and
 * without touching a job. What has piled up meanwhile comes back like anything that was set aside: slowly, the highest class first.
 */

/** Which part of its slots a queue may use, from 0 to 1. One that is not named uses all. */
export type Gates = Readonly<Record<string, number>>;

export interface GateInput {
  readonly queues: readonly { readonly queue: string; readonly criticality: Criticality }[];
  readonly cut: number;
  /** How long work that is not shed will wait, as a part of what it may, and which part the controller holds. */
  readonly waitRatio: number;
  readonly targetRatio: number;
  readonly elapsedS: number;
}

/** Less than one slot in ten is none at all in most workers. */
const leastOpening = 0.1;
const growthPerS = 1.1;

/** The gates after one step. Pure. */
export function decideGates(before: Gates, { queues, cut, waitRatio, targetRatio, elapsedS }: GateInput): Gates {
  const after: Record<string, number> = {};
  for (const criticality of criticalities) {
    const ofClass = queues.filter((each) => each.criticality === criticality);
    const isShut = ceilingOf(criticality) <= cut;
    // A class whose forerunners are still on their way back waits for them.
    const mayGrow = Object.keys(after).length === 0 && waitRatio < 0.5 * targetRatio;
    for (const { queue } of ofClass) {
      const opening = before[queue];
      if (isShut) after[queue] = 0;
      else if (opening !== undefined) {
        const next = grown(opening, { mayGrow, mustShrink: waitRatio > targetRatio, elapsedS });
        if (next < 1) after[queue] = next;
      }
    }
  }
  return after;
}

function grown(
  opening: number,
  {
    mayGrow,
    mustShrink,
    elapsedS,
  }: { readonly mayGrow: boolean; readonly mustShrink: boolean; readonly elapsedS: number },
): number {
  if (mayGrow) return Math.max(opening * growthPerS ** elapsedS, leastOpening);
  if (!mustShrink) return opening;
  return opening / 2 < leastOpening ? 0 : opening / 2;
}

/** How many of its slots a queue may use behind a gate: at least one when it is open at all. */
export function slotsBehind(opening: number, slots: number): number {
  return opening === 0 ? 0 : Math.max(1, Math.floor(opening * slots));
}
