import { type Criticality, criticalities } from '../job/criticality.js';
import { type ShedReason, shedReasons } from '../job/shed-reason.js';
import { highestCut, openCut } from './levels.js';

/** What the leader wants producers and workers to do. Redis forgets it when no leader says it again; without one everything is let in. */
export interface ShedDirective {
  /** The epoch of the leader. */
  readonly fence: number;
  /** Grows with every directive of a leader. */
  readonly seq: number;
  /** Which part of what arrives is shed, from 0 to 1. */
  readonly share: number;
  /** Jobs of a level below it give way. */
  readonly cut: number;
  /** Why; undefined while nothing is shed. */
  readonly reason: ShedReason | undefined;
  /** Classes of which nothing new is taken, for want of memory. */
  readonly memoryShort: readonly Criticality[];
  /** Queues in which as many jobs wait as they may hold. */
  readonly full: readonly string[];
  /** Queues that may use only a part of their slots, from 0 to 1: their whole class gives way, or it comes back slowly. */
  readonly gates: Readonly<Record<string, number>>;
}

/** Long enough for another leader to be elected, short enough that nobody follows what nobody means any more. */
export const directiveTtlMs = 10_000;

export function encodeDirective(directive: ShedDirective): string {
  return JSON.stringify(directive);
}

/** Whether it lets every new job in: then nobody need look at the job. */
export function letsAllIn({ cut, memoryShort, full }: ShedDirective): boolean {
  return cut === openCut && memoryShort.length === 0 && full.length === 0;
}

/** Reads a stored directive; undefined when there is none or it cannot be read: then everything is let in. */
export function parseDirective(json: string | null | undefined): ShedDirective | undefined {
  if (!json) return undefined;
  try {
    const raw = Object(JSON.parse(json)) as Partial<Record<keyof ShedDirective, unknown>>;
    const { fence, seq, share, cut, reason, memoryShort, full, gates } = raw;
    if (![fence, seq, share, cut].every(Number.isFinite)) return undefined;
    return {
      fence: fence as number,
      seq: seq as number,
      share: Math.min(Math.max(share as number, 0), 1),
      cut: Math.min(Math.max(cut as number, openCut), highestCut),
      reason: shedReasons.find((each) => each === reason),
      memoryShort: Array.isArray(memoryShort) ? criticalities.filter((each) => memoryShort.includes(each)) : [],
      full: Array.isArray(full) ? full.filter((each) => typeof each === 'string') : [],
      gates: gatesIn(gates),
    };
  } catch {
    // Somebody else wrote it; what cannot be read sheds nothing.
    return undefined;
  }
}

function gatesIn(raw: unknown): Record<string, number> {
  const entries = Object.entries(Object(raw) as Record<string, unknown>);
  return Object.fromEntries(entries.flatMap(([queue, ratio]) => (isRatio(ratio) ? [[queue, ratio]] : [])));
}

function isRatio(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < 1;
}
