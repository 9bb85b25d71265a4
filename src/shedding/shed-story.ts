import { type Criticality, criticalities } from '../job/criticality.js';
import type { ShedReason } from '../job/shed-reason.js';
import { floorOf } from './levels.js';

/** What is shed at one moment, as far as it matters afterwards. */
export interface ShedMoment {
  /** Undefined while nothing is shed. */
  readonly reason: ShedReason | undefined;
  readonly share: number;
  readonly cut: number;
  readonly memoryShort: readonly Criticality[];
}

/** Something about shedding that is worth an entry in the audit stream. */
export interface ShedNews {
  readonly what: 'shed.begin' | 'shed.change' | 'shed.end';
  readonly why: ShedReason;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The cut moves every second, and a reason may come and go: more often than this nobody wants to read of it. */
const quietMs = 10_000;

/** What has been told, and what happened since it began. */
interface Episode {
  readonly moment: ShedMoment & { readonly reason: ShedReason };
  readonly begunAt: number;
  readonly highestShare: number;
}

/**
 * Tells how shedding begins, which class it comes to, and when it ends: not each move of the cut. The first is told at once, what changes
 * within ten seconds of that only if it lasts.
 */
export class ShedStory {
  #episode: Episode | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** Takes over what somebody else has told of. */
  goOn(moment: ShedMoment, now: number): void {
    this.#episode = episodeOf(moment, now);
  }

  forget(): void {
    this.#episode = undefined;
    this.#toldAt = Number.NEGATIVE_INFINITY;
  }

  /** Takes in what is shed now (monotonic ms). Answers what is to be told of it, if anything. */
  next(moment: ShedMoment, now: number): ShedNews | undefined {
    const before = this.#episode;
    if (before) this.#episode = { ...before, highestShare: Math.max(before.highestShare, moment.share) };
    if (sameStory(before?.moment, moment) || now - this.#toldAt < quietMs) return undefined;
    this.#toldAt = now;
    const { begunAt = now, highestShare = moment.share } = this.#episode ?? {};
    if (moment.reason === undefined) {
      this.#episode = undefined;
      if (before === undefined) return undefined;
      const details = { forMs: Math.round(now - begunAt), highestShare: Math.max(highestShare, before.moment.share) };
      return { what: 'shed.end', why: before.moment.reason, details };
    }
    this.#episode = { moment: { ...moment, reason: moment.reason }, begunAt, highestShare };
    const { share, cut, memoryShort } = moment;
    const details = { share, cut, class: highestShed(cut), memoryShort };
    return { what: before ? 'shed.change' : 'shed.begin', why: moment.reason, details };
  }
}

function episodeOf(moment: ShedMoment, now: number): Episode | undefined {
  const { reason, share } = moment;
  return reason === undefined ? undefined : { moment: { ...moment, reason }, begunAt: now, highestShare: share };
}

/** The highest class of which something gives way; null when none does. */
export function highestShed(cut: number): Criticality | null {
  return criticalities.find((each) => cut > floorOf(each)) ?? null;
}

function sameStory(one: ShedMoment | undefined, other: ShedMoment): boolean {
  if (one === undefined || other.reason === undefined) return one?.reason === other.reason;
  return (
    one.reason === other.reason &&
    highestShed(one.cut) === highestShed(other.cut) &&
    one.memoryShort.join() === other.memoryShort.join()
  );
}
