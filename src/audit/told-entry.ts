import { type EntrySubject, entrySubjects } from './audit-entry.js';
import type { StoredEntry } from './stored-entry.js';

/** An entry for programs: numbers as numbers, and its details read. */
export interface ToldEntry {
  readonly seq: number | null;
  /** When it was decided, in ms since the epoch; null when it does not say. */
  readonly at: number | null;
  readonly what: string;
  readonly by: string;
  readonly why: string;
  /** What it is about, by what that is: `{ queue: 'email' }`. */
  readonly subject: Readonly<Partial<Record<EntrySubject, string>>>;
  readonly count: number | null;
  /** The epoch of the leader that did it. */
  readonly fence: number | null;
  readonly details: unknown;
}

/** Reads what an entry says, also one that anybody may have written. */
export function tellEntry({ number, fields }: StoredEntry): ToldEntry {
  const { what = '', by = '', why = '', details = '{}' } = fields;
  return {
    seq: number ?? null,
    at: numberIn(fields['at']),
    what,
    by,
    why,
    subject: Object.fromEntries(
      entrySubjects.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])),
    ),
    count: numberIn(fields['count']),
    fence: numberIn(fields['fence']),
    details: parsed(details),
  };
}

function numberIn(text: string | undefined): number | null {
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // Not ours; it is shown as it is.
    return json;
  }
}
