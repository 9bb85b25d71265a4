import { auditBounds } from './audit-log.js';
import { type ChainPoint, genesis, hashOf } from './chain.js';
import type { BreakKind, ChainBreak } from './chain-break.js';
import { type StoredEntry, seqOf } from './stored-entry.js';
import { leastLeft, type Trim, trimIn } from './trim.js';

export interface ChainReport {
  /** Entries whose hash and place are right. */
  readonly sound: number;
  readonly first: ChainPoint | null;
  readonly last: ChainPoint | null;
  readonly breaks: readonly ChainBreak[];
  /** How many breaks there are; of very many not all are kept. */
  readonly broken: number;
  /** Entries that gave way because a day was full, and the chain says so. No break. */
  readonly trimmed: number;
  /** Entries before the first that is left: their days have expired, or were full. No break. */
  readonly gone: number;
  /** Entries from before there was a chain. No break. */
  readonly unchained: number;
}

export interface ChainVerifierOptions {
  /** What the first entry has to follow, where that is known. */
  readonly after?: ChainPoint;
  /** Points of the chain that were kept elsewhere. */
  readonly kept?: readonly ChainPoint[];
  /** Whether it may be a part that somebody chose. Days expire whole, so the stream itself begins with one or where a full one was trimmed. */
  readonly isPart?: boolean;
  /** How many entries a day has when it is full: fewer never give way. */
  readonly entriesPerDay?: number;
}

/** Some entries that are missing. */
interface Gap {
  readonly from: number;
  readonly to: number;
  readonly place: string;
  /** Which of the days that were shown goes on behind it. */
  readonly day: number;
  /** How many sound entries were shown before it. */
  readonly soundBefore: number;
  /** The first entry of the day, where a trim says that it gave way. */
  trimmedFrom?: number;
}

const mostBreaks = 1_000;
/** Of a flood of gaps no more are kept in mind; a pool makes one a day at most. */
const mostGaps = 10_000;

/**
 * Goes through entries in the order in which they lie, and finds every place at which somebody altered, removed, inserted or moved one.
 * Pure: entries are handed in.
 *
 * It judges what it is shown. Whoever can write all of Redis can write the whole chain anew, with hashes that are right: only a point of
 * it that was kept elsewhere shows that.
 */
export class ChainVerifier {
  readonly #breaks: ChainBreak[] = [];
  /** By the last number that is missing. */
  readonly #gaps = new Map<number, Gap>();
  readonly #kept: Map<number, string>;
  readonly #isPart: boolean;
  readonly #leastLeft: number;
  #broken = 0;
  #sound = 0;
  #unchained = 0;
  #first: ChainPoint | undefined;
  #last: ChainPoint | undefined;
  #isLastSound = true;
  #place = '';
  #day = 0;
  #gone = 0;
  /** What is missing before the first entry, where that does not begin a day. */
  #start: Gap | undefined;

  constructor(options: ChainVerifierOptions = {}) {
    const { after, kept = [], isPart = false, entriesPerDay = auditBounds.entriesPerDay } = options;
    this.#last = after;
    this.#isPart = isPart;
    this.#leastLeft = leastLeft(entriesPerDay);
    this.#kept = new Map(kept.map(({ seq, hash }) => [seq, hash]));
  }

  /** The last entry that was shown. */
  get last(): ChainPoint | undefined {
    return this.#last;
  }

  /** Takes the next entry. */
  add(entry: StoredEntry): void {
    const { number, fields, place } = entry;
    const { hash } = fields;
    if (hash === undefined && this.#last === undefined) {
      this.#unchained += 1;
      return;
    }
    if (number === undefined || hash === undefined) {
      this.#break('inserted', number ?? null, place, 'it belongs to no chain');
      return;
    }
    const isSound = this.#isSound(entry, number, hash);
    if (this.#beginsDay(entry)) this.#day += 1;
    this.#link(entry, number, isSound);
    if (isSound) {
      this.#sound += 1;
      const trim = trimIn(fields);
      if (trim) this.#explain(trim);
    }
    this.#compareWithKept({ seq: number, hash }, place);
    this.#last = { seq: number, hash };
    this.#isLastSound = isSound;
    this.#first ??= this.#last;
    this.#place = place;
  }

  /** Compares the last entry with where the chain is said to end. */
  expectEnd(end: ChainPoint, place: string): void {
    const last = this.#last;
    if (last === undefined)
      this.#break('removed', end.seq, place, `the head of the chain ends at it, and it is not there`);
    else if (end.seq > last.seq) this.#break('removed', last.seq + 1, place, missing(last.seq + 1, end.seq));
    else if (end.seq < last.seq) this.#break('inserted', end.seq + 1, place, 'the head of the chain ends before it');
    else if (end.hash !== last.hash)
      this.#break('altered', end.seq, place, 'the head of the chain has another hash for it');
  }

  /** Takes in that something is missing which should be there. */
  expectMore(seq: number | null, place: string, detail: string): void {
    this.#break('removed', seq, place, detail);
  }

  /** What was found. */
  report(): ChainReport {
    this.#judgeStart();
    let trimmed = 0;
    for (const gap of this.#gaps.values()) trimmed += this.#judge(gap);
    this.#gaps.clear();
    for (const seq of this.#kept.keys())
      this.#break('removed', seq, this.#place, 'its hash was kept, and it is not there');
    this.#kept.clear();
    return {
      sound: this.#sound,
      first: this.#first ?? null,
      last: this.#first ? (this.#last ?? null) : null,
      breaks: this.#breaks.toSorted((one, other) => (one.seq ?? 0) - (other.seq ?? 0)),
      broken: this.#broken,
      trimmed,
      gone: this.#gone,
      unchained: this.#unchained,
    };
  }

  /** A line of a file does not say its day, except where it is the first of one. */
  #beginsDay({ fields, place }: StoredEntry): boolean {
    return fields['after'] !== undefined || (!this.#isPart && place !== this.#place);
  }

  /**
   * Takes in what an entry says gave way. Anybody who can write can say so: it is believed only of the beginning of a day of which as much
   * has followed as a full one keeps.
   */
  #explain({ from, through }: Trim): void {
    const gap = this.#start?.to === through ? this.#start : this.#gaps.get(through);
    if (gap === undefined || from > through || gap.day !== this.#day) return;
    if (this.#sound - gap.soundBefore < this.#leastLeft) return;
    // A day begins once: who says that it began sooner would hide what was before it.
    gap.trimmedFrom = Math.max(gap.trimmedFrom ?? from, from);
  }

  #judgeStart(): void {
    const start = this.#start;
    this.#start = undefined;
    if (start === undefined) return;
    if (start.trimmedFrom !== undefined) this.#gone = start.to;
    else {
      const detail = `the entries of this day before ${start.to + 1} are missing: a day does not expire in part`;
      this.#break('removed', start.to, start.place, detail);
    }
  }

  /** Answers how many of a gap gave way; the others were removed. */
  #judge({ from, to, place, trimmedFrom = to + 1 }: Gap): number {
    const begin = Math.max(trimmedFrom, from);
    if (begin > from) this.#break('removed', from, place, missing(from, begin - 1));
    return to - begin + 1;
  }

  #isSound({ fields, place, twice }: StoredEntry, number: number, hash: string): boolean {
    if (twice !== undefined) {
      this.#break('altered', number, place, `it has ${twice} twice`);
      return false;
    }
    const isWhole = hashOf(fields) === hash;
    const said = seqOf(fields);
    if (isWhole && said === number) return true;
    if (isWhole) this.#break('misplaced', number, place, `entry ${said ?? 'without a number'} lies in its place`);
    else this.#break('altered', number, place, 'what it says does not have its hash');
    return false;
  }

  #link({ fields, place }: StoredEntry, number: number, isSound: boolean): void {
    const last = this.#last;
    if (last === undefined) {
      if (number === 1 || this.#unchained > 0) {
        if (isSound && fields['prev'] !== genesis.hash)
          this.#break('unlinked', number, place, 'it says that others came before');
      } else if (this.#isPart || fields['after'] !== undefined) this.#gone = number - 1;
      else this.#start = this.#gapBefore(number, 1, place);
      return;
    }
    // Who moves the beginning of a day into the day before would have its midst look like its beginning, which may give way.
    if (!this.#isPart && isSound && fields['after'] !== undefined && place === this.#place)
      this.#break('misplaced', number, place, 'it begins a day, and lies in the midst of one');
    if (number <= last.seq) {
      const detail = `it comes after entry ${last.seq}: it was moved, or the head was lost and the chain begun anew`;
      this.#break('begun_anew', number, place, detail);
    } else if (number > last.seq + 1) {
      const gap = this.#gapBefore(number, last.seq + 1, place);
      // In the midst of a day nothing gives way, nor at its end. A file may lack what did so before it was exported.
      const mayGiveWay = fields['after'] === undefined && (this.#isPart || place !== this.#place);
      if (mayGiveWay && this.#gaps.size < mostGaps) this.#gaps.set(gap.to, gap);
      else this.#break('removed', gap.from, place, missing(gap.from, gap.to));
    } else if (isSound && this.#isLastSound && fields['prev'] !== last.hash) {
      // Where one of the two is broken that has been said.
      const detail = `it does not follow from entry ${last.seq} as that is now: one of the two was written anew`;
      this.#break('unlinked', number, place, detail);
    }
  }

  #gapBefore(number: number, from: number, place: string): Gap {
    return { from, to: number - 1, place, day: this.#day, soundBefore: this.#sound };
  }

  #compareWithKept({ seq, hash }: ChainPoint, place: string): void {
    const kept = this.#kept.get(seq);
    if (kept === undefined) return;
    this.#kept.delete(seq);
    if (kept !== hash) this.#break('altered', seq, place, 'it has another hash than the one that was kept');
  }

  #break(kind: BreakKind, seq: number | null, place: string, detail: string): void {
    this.#broken += 1;
    if (this.#breaks.length < mostBreaks) this.#breaks.push({ kind, seq, place, detail });
  }
}

function missing(from: number, to: number): string {
  return from === to ? `entry ${from} is missing` : `entries ${from} to ${to} are missing`;
}
