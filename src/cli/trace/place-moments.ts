import type { Happening, Moment } from './moment.js';

/** Something that happened, before its place among the rest is known. */
export interface Draft {
  /** When, by the clock that told of it; null when nobody knows. */
  readonly said: number | null;
  /** What Redis' clock knows of it: it cannot have been sooner, or later. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly happening: Happening;
}

/**
 * Weaves chains, of which each is in order, into one by time. What a chain says of its order is believed more than any clock: producers,
 * workers and supervisors have clocks of their own. Of two at the same moment the one of the earlier chain comes first, but a job starts
 * after it was redriven. Pure.
 */
export function weave(chains: readonly (readonly Draft[])[]): Draft[] {
  const rests = chains.map((chain): Dated[] => {
    const times = monotone(chain.map((draft) => believed(draft) ?? draft.notBefore ?? null));
    return chain.map((draft, index) => ({ draft, time: times[index] ?? Number.NEGATIVE_INFINITY })).reverse();
  });
  const woven: Draft[] = [];
  for (;;) {
    let next: Dated[] | undefined;
    for (const rest of rests) if (comesBefore(rest.at(-1), next?.at(-1))) next = rest;
    const first = next?.pop();
    if (first === undefined) return woven;
    woven.push(first.draft);
  }
}

interface Dated {
  readonly draft: Draft;
  readonly time: number;
}

function comesBefore(one: Dated | undefined, other: Dated | undefined): boolean {
  if (one === undefined || other === undefined) return one !== undefined;
  if (one.time !== other.time) return one.time < other.time;
  return one.draft.happening.what === 'redriven' && other.draft.happening.what === 'started';
}

/** Gives each its moment: none before the one above it. Pure. */
export function placeMoments(drafts: readonly Draft[]): Moment[] {
  const times = monotone(drafts.map(believed));
  return drafts.map(({ said, happening }, index) => {
    const at = said === null ? null : (times[index] ?? null);
    return { at, ...(said !== null && at !== said && { saidAt: said }), ...happening };
  });
}

function believed({ said, notBefore, notAfter }: Draft): number | null {
  if (said === null) return null;
  return Math.min(Math.max(said, notBefore ?? said), notAfter ?? Number.POSITIVE_INFINITY);
}

/** Each at least as large as all before it; one that is unknown is as large as the one before. */
function monotone(times: readonly (number | null)[]): (number | null)[] {
  let latest: number | null = null;
  return times.map((time) => {
    if (time !== null && (latest === null || time > latest)) latest = time;
    return latest;
  });
}
