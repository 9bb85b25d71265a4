/** What is known of one limit. */
interface StepOutput {
  /** The natural logarithm of how much work was done in a second, on average over its windows. */
  readonly output: number;
  /** How many windows that stands for. */
  readonly windows: number;
  /** The window in which it was seen last. */
  readonly at: number;
}

/** Where the limit of a queue stands, and what is known of those around it. A limit is named by its place among the steps. */
export interface LimitState {
  readonly step: number;
  /** By step. What is old, or of before everything changed, is not there. */
  readonly known: readonly (StepOutput | undefined)[];
  /** How many windows have told something. */
  readonly windows: number;
  /** The most work that a second of one slot does: in the last lull, or, for certain, in two windows one after the other since then. */
  readonly bestPace: number;
  /** What it did in the last window. */
  readonly lastPace: number;
  /** Where the limit was when it began to fall because jobs got slow, and how much a second of one slot did then. */
  readonly fall: { readonly step: number; readonly pace: number } | undefined;
  /** Where a limit that is not known is looked for first. */
  readonly looks: 'up' | 'down';
}

/** The best pace loses one part in a hundred a minute. Faster, and workers that crowd a dependency for long forget what it could do without them. */
const memoryMs = 100 * 60_000;
/** What held at one limit need not hold for long: after so many windows it is forgotten. */
const freshWindows = 20;
/** What a single window has shown may have been chance: a limit is looked at again after so many times the windows that tell of it. */
const windowsPerLook = 2;
/** The average of a limit is over so many windows; older ones fade. */
const averagedWindows = 4;
/** Output that changes by so much (30 %) at one and the same limit is no noise. */
const leastShift = 0.35;

/** What is known before the first window: nothing. */
export function initialLimitState(step: number): LimitState {
  return { step, known: [], windows: 0, bestPace: 0, lastPace: 0, fall: undefined, looks: 'up' };
}

/** How fast jobs were in a window. */
export interface SeenPace {
  readonly pace: number;
  /** By which part that may be off by chance. */
  readonly error: number;
  /** How long the window was. */
  readonly windowMs: number;
}

/**
 * Adds how fast jobs were. Windows with little to do count, too: they tell best how fast jobs can be. A record that chance has set would be
 * taken for that for ever, so what counts is what is certain, and it is forgotten slowly. Pure.
 */
export function withPace(state: LimitState, { pace, error, windowMs }: SeenPace): LimitState {
  const certain = Math.min(pace, state.lastPace) * Math.max(0, 1 - error);
  const remembered = state.bestPace * Math.exp(-windowMs / memoryMs);
  return { ...state, bestPace: Math.max(remembered, certain), lastPace: pace };
}

/** Replaces how fast jobs can be by what a lull has shown. Pure. */
export function withLull(state: LimitState, pace: number): LimitState {
  return { ...state, bestPace: pace, fall: undefined };
}

/**
 * Adds what was done in a second at this limit, and forgets what is old. When that is far from what was done there before, things have
 * changed, and nothing else is known any more. Pure.
 */
export function withOutput(state: LimitState, donePerS: number): LimitState {
  const { step, known } = state;
  const windows = state.windows + 1;
  const output = Math.log(donePerS);
  const before = known[step];
  const shift = before === undefined ? 0 : output - before.output;
  const hasChanged = Math.abs(shift) > leastShift;
  const isFresh = ({ at }: StepOutput) => !hasChanged && windows - at <= freshWindows;
  const kept = known.map((entry) => (entry !== undefined && isFresh(entry) ? entry : undefined));
  kept[step] =
    before === undefined || hasChanged ? { output, windows: 1, at: windows } : averaged(before, output, windows);
  return { ...state, windows, known: kept, looks: hasChanged ? (shift < 0 ? 'down' : 'up') : state.looks };
}

function averaged(before: StepOutput, output: number, at: number): StepOutput {
  const windows = Math.min(before.windows + 1, averagedWindows);
  return { output: before.output + (output - before.output) / windows, windows, at };
}

/**
 * What more slots are worth: how much more is done at the step above this one, over how many more slots it has. 1: as much more; 0: no more;
 * below 0: less. Undefined when one of them is not known. Pure.
 */
export function worthAbove({ known }: LimitState, steps: readonly number[], step: number): number | undefined {
  const [lower, upper] = [known[step], known[step + 1]];
  const [from, to] = [steps[step], steps[step + 1]];
  if (lower === undefined || upper === undefined || from === undefined || to === undefined) return undefined;
  return (upper.output - lower.output) / Math.log(to / from);
}

/** Whether it is time to look what is done at a limit. Pure. */
export function isDue({ known, windows }: LimitState, step: number): boolean {
  const entry = known[step];
  return entry === undefined || windows - entry.at > windowsPerLook * entry.windows;
}
