import type { ChainedFields } from './chain.js';

/** An entry as it was found: in a day's stream, or on a line of an export. */
export interface StoredEntry {
  /** Where it was found, for people: `20260304` or the name of a file. */
  readonly place: string;
  /** The number under which it lies; undefined when that is none of ours. */
  readonly number: number | undefined;
  readonly fields: ChainedFields;
  /** A name that it has twice: what it says depends on who reads it. */
  readonly twice?: string;
}

/** Reads an entry of a stream: its id, and its names and values in turn. */
export function entryOfStream(place: string, [id, words]: readonly [string, readonly string[]]): StoredEntry {
  // Without a prototype: somebody may have written a field named `__proto__`, and it has to count.
  const fields: Record<string, string> = Object.create(null);
  let twice: string | undefined;
  for (let at = 0; at + 1 < words.length; at += 2) {
    const name = words[at] ?? '';
    if (name in fields) twice ??= name;
    fields[name] = words[at + 1] ?? '';
  }
  const [, number] = /^([1-9]\d*)-0$/.exec(id) ?? [];
  return {
    place,
    number: number === undefined ? undefined : Number(number),
    fields,
    ...(twice !== undefined && { twice }),
  };
}

/** Reads a line of an export. What is none of ours has no number. */
export function entryOfLine(place: string, line: string): StoredEntry {
  const fields = textsIn(line);
  return { place, number: seqOf(fields), fields };
}

function textsIn(line: string): ChainedFields {
  try {
    const raw: unknown = JSON.parse(line);
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return {};
    return Object.values(raw).every((value) => typeof value === 'string') ? (raw as ChainedFields) : {};
  } catch {
    // Whoever reads it says that it is not ours.
    return {};
  }
}

/** The line of an export that an entry is. */
export function lineOf({ fields }: StoredEntry): string {
  return `${JSON.stringify(fields)}\n`;
}

/** The number that an entry says it has; undefined when it says none. */
export function seqOf({ seq }: ChainedFields): number | undefined {
  return seq !== undefined && /^[1-9]\d{0,15}$/.test(seq) ? Number(seq) : undefined;
}
