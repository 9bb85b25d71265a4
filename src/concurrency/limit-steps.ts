export interface LimitBounds {
  readonly min: number;
  /** What is begun with. */
  readonly initial: number;
  readonly max: number;
}

/** Each limit is about so many times the one below it: enough to be told from noise, and little enough to do no harm. */
const ratio = 1.15;

/** The limits that are tried, the lowest first: both bounds, what is begun with, and steps of about a seventh between them. Pure. */
export function limitSteps({ min, initial, max }: LimitBounds): readonly number[] {
  const above: number[] = [];
  for (let limit = initial; limit < max; ) {
    limit = Math.min(max, Math.max(limit + 1, Math.round(limit * ratio)));
    above.push(limit);
  }
  const below: number[] = [];
  for (let limit = initial; limit > min; ) {
    limit = Math.max(min, Math.min(limit - 1, Math.round(limit / ratio)));
    below.unshift(limit);
  }
  return [...below, initial, ...above];
}
