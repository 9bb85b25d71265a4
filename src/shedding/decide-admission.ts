import type { Criticality } from '../job/criticality.js';
import type { ShedReason } from '../job/shed-reason.js';
import type { ShedDirective } from './directive.js';

/**
 * What becomes of one job while work is shed: the ladder, cheapest rung first. Pure.
 *
 * | class            | degrade       | delay        | park         | refuse at enqueue                  |
 * | ---------------- | ------------- | ------------ | ------------ | ---------------------------------- |
 * | `critical_plus`  |               |              |              | memory 95 %                        |
 * | `critical`       |               | share ≤ 0.6  | share > 0.6  | memory 90 %                        |
 * | `sheddable_plus` | if it can     | share < 0.3  | share ≥ 0.3  | share ≥ 0.9, memory 80 %           |
 * | `sheddable`      | if it can     |              | at once      | share ≥ 0.5, memory 70 %           |
 *
 * Parked work comes back, and refused work does not: so work is refused only when much more arrives than can be done for long.
 */

/** The share above which jobs of a class below the cut are refused; absent where only memory refuses them. */
const refusedFromShare: Partial<Record<Criticality, number>> = { sheddable: 0.5, sheddable_plus: 0.9 };
/** Up to this share a job is only delayed: what passes within seconds need not be parked. */
const delayedToShare: Partial<Record<Criticality, number>> = { critical: 0.6, sheddable_plus: 0.3 };
const degradable: readonly Criticality[] = ['sheddable_plus', 'sheddable'];

const delayMs = 5_000;
/**
 * The leader brings parked work back, at its pace and long before this. Without one the work comes back by itself: nearly in the order and as fast as
 * it was set aside. Sooner it would come back while the load lasts, to be set aside again, or all at once behind the pace.
 */
const parkMs = 300_000;
const parkSpread = 0.1;

export interface Candidate {
  readonly criticality: Criticality;
  readonly level: number;
}

export type EnqueueDecision =
  | { readonly kind: 'admit' }
  | { readonly kind: 'refuse'; readonly reason: ShedReason; readonly retryAfterMs: number };

const admit: EnqueueDecision = { kind: 'admit' };

/** Whether a producer may enqueue a job of a queue. `chance` from 0 to 1 spreads when the refused come again. */
export function decideEnqueue(
  { queue, criticality, level }: Candidate & { readonly queue: string },
  directive: ShedDirective | undefined,
  chance: number,
): EnqueueDecision {
  if (directive === undefined) return admit;
  const { share, cut, reason, memoryShort, full } = directive;
  const retryAfterMs = Math.round(delayMs * (1 + chance));
  if (memoryShort.includes(criticality)) return { kind: 'refuse', reason: 'memory', retryAfterMs };
  if (full.includes(queue)) return { kind: 'refuse', reason: 'queue_full', retryAfterMs };
  const from = refusedFromShare[criticality];
  if (level >= cut || from === undefined || share < from) return admit;
  return { kind: 'refuse', reason: reason ?? 'overload', retryAfterMs };
}

export type StartDecision =
  | { readonly kind: 'run' }
  | { readonly kind: 'degrade'; readonly reason: ShedReason }
  | { readonly kind: 'delay' | 'park'; readonly reason: ShedReason; readonly delayMs: number };

const run: StartDecision = { kind: 'run' };

/**
 * For how long a job is set aside whose deadline draws near: up to half of what is left, so that it is looked at again while it is worth
 * doing. With too little left for that it comes back when it is to be given up. Pure.
 *
 * @param leftMs - after which it is too late to start; infinitely many when it never is.
 */
export function asideForMs(wantedMs: number, leftMs: number): number {
  const secondLookMs = Math.floor(leftMs / 2);
  return Math.min(wantedMs, secondLookMs < delayMs ? leftMs : secondLookMs);
}

/** Whether a worker runs a job that it has taken. `chance` from 0 to 1 spreads when they are due. */
export function decideStart(
  { criticality, level, hasFallback }: Candidate & { readonly hasFallback: boolean },
  directive: ShedDirective | undefined,
  chance: number,
): StartDecision {
  if (directive === undefined || level >= directive.cut || criticality === 'critical_plus') return run;
  const { share, reason = 'overload' } = directive;
  if (hasFallback && degradable.includes(criticality)) return { kind: 'degrade', reason };
  const isBrief = share <= (delayedToShare[criticality] ?? -1);
  return isBrief
    ? { kind: 'delay', reason, delayMs: Math.round(delayMs * (1 + chance)) }
    : { kind: 'park', reason, delayMs: Math.round(parkMs * (1 + parkSpread * chance)) };
}
