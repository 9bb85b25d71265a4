import { isDue, type LimitState, type SeenPace, withOutput, withPace, worthAbove } from './limit-state.js';

/** What the last window has shown at the limit that holds. */
export interface LimitEvidence extends SeenPace {
  /** How many jobs ran at once. */
  readonly running: number;
  /** How much work was done in a second of one slot; 0 when all runs failed. */
  readonly pace: number;
  /** For how long the event loop was held up at a time, as it was in most of the last seconds; undefined when nobody knows. */
  readonly loopDelayMs: number | undefined;
}

/**
 * Why a limit moves or stays.
 *
 * - `more_does_more`: up, to a limit that got more done.
 * - `more_does_nothing`: down, the limit below gets about as much done.
 * - `slower`: down, jobs take more than one and a half times as long as they can.
 * - `loop_delay`: down, or no further up: handlers hold up the event loop.
 * - `probe`: up or down, to a limit of which nothing is known.
 * - `lull`: half as many for a moment, as in all workers.
 * - `settled`: stays, the limits around it are worse.
 * - `no_demand`: stays, its slots are not all in use.
 * - `failing`: stays, nothing is done at all.
 */
export type LimitReason =
  | 'more_does_more'
  | 'more_does_nothing'
  | 'slower'
  | 'loop_delay'
  | 'probe'
  | 'lull'
  | 'settled'
  | 'no_demand'
  | 'failing';

export interface LimitDecision {
  readonly state: LimitState;
  readonly reason: LimitReason;
}

/** With less of the limit in use there was too little to do to learn from it. */
const fullRatio = 0.85;
/** A tenth more slots that does less than three tenths of a tenth more is not worth it: it makes jobs longer instead. */
const leastWorth = 0.3;
/** A tenth more slots that does so much more shows that the event loop is not what its jobs wait for. */
const clearWorth = 0.7;
/** Below this part of the pace that jobs can have they are slow. */
const slowRatio = 2 / 3;
/** After so many steps down it is asked whether jobs got faster by them, and how much of what was given up has to have come back. */
const stepsToHelp = 6;
const leastHelp = 0.25;
/** Delays are read with a resolution of 50 ms. From 200 ms on the whole pool sheds: a worker should have acted by then. */
const loopDelayLowersMs = 150;
const loopDelayHoldsMs = 110;

/**
 * Decides the next limit of a queue from what its jobs did at this one: the same, or one step up or down. Pure.
 *
 * It climbs while more jobs at once get more work done, and turns back where they only take longer, which is what adaptive limiters call
 * throughput correlation. That alone would let the workers of a pool crowd a dependency together, each winning from the others, so it
 * falls, too, when jobs take much longer than they can. A loop that is held up lowers it unless fewer slots are known to do less.
 */
export function decideLimit(before: LimitState, seen: LimitEvidence, steps: readonly number[]): LimitDecision {
  const { running, pace, loopDelayMs = 0 } = seen;
  const limit = steps[before.step] ?? 1;
  if (pace === 0) return { state: before, reason: 'failing' };
  const paced = withPace(before, seen);
  if (running < fullRatio * limit) return { state: paced, reason: 'no_demand' };
  const learned = withOutput(paced, Math.min(running, limit) * pace);
  const below = worthAbove(learned, steps, learned.step - 1);
  if (loopDelayMs >= loopDelayLowersMs && (below === undefined || below < clearWorth)) {
    return { state: movedBy(-1, learned, steps), reason: 'loop_delay' };
  }
  const state = withFall(learned, Math.max(pace, before.lastPace), steps);
  if (state.fall !== undefined) return { state: movedBy(-1, state, steps), reason: 'slower' };
  return climb(state, below, loopDelayMs < loopDelayHoldsMs, steps);
}

/** Goes to the better neighbour, or to one of which nothing is known. */
function climb(
  state: LimitState,
  below: number | undefined,
  mayGrow: boolean,
  steps: readonly number[],
): LimitDecision {
  const above = worthAbove(state, steps, state.step);
  if (mayGrow && above !== undefined && above >= leastWorth) {
    return { state: movedBy(1, state, steps), reason: 'more_does_more' };
  }
  if (below !== undefined && below < leastWorth) {
    return { state: movedBy(-1, state, steps), reason: 'more_does_nothing' };
  }
  const canProbe = {
    up: isDue(state, state.step + 1) && mayGrow && state.step < steps.length - 1,
    down: isDue(state, state.step - 1) && state.step > 0,
  };
  const way = ([state.looks, 'up', 'down'] as const).find((each) => canProbe[each]);
  if (way !== undefined) return { state: movedBy(way === 'up' ? 1 : -1, state, steps), reason: 'probe' };
  return { state, reason: mayGrow ? 'settled' : 'loop_delay' };
}

/**
 * Whether the limit falls because jobs are slow. Where that does not make them faster they are slow for another reason, and how fast they are
 * now is from then on how fast they can be.
 */
function withFall(state: LimitState, pace: number, steps: readonly number[]): LimitState {
  const { step, fall, bestPace } = state;
  if (pace >= slowRatio * bestPace || step === 0) return { ...state, fall: undefined };
  if (fall === undefined) return { ...state, fall: { step, pace } };
  if (fall.step - step < stepsToHelp) return state;
  const helped = Math.log(pace / fall.pace) / Math.log((steps[fall.step] ?? 1) / (steps[step] ?? 1));
  if (helped >= leastHelp) return { ...state, fall: { step, pace } };
  return { ...state, bestPace: pace, fall: undefined, looks: 'up' };
}

function movedBy(steps: 1 | -1, state: LimitState, all: readonly number[]): LimitState {
  return { ...state, step: Math.min(Math.max(state.step + steps, 0), all.length - 1) };
}
