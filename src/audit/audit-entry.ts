/** One thing that somebody decided or did, for whoever asks later. */
export type AuditEntry =
  | LetterEntry
  | BreakerEntry
  | ScaleEntry
  | ShedEntry
  | HistoryEntry
  | LeaderEntry
  | RecoveryEntry
  | JobsEntry
  | JobEntry
  | WorkerOrderEntry
  | QueueEntry
  | PurgeEntry
  | TrimEntry;

interface EntryBasics {
  /** Who: the id of a supervisor, or user@host of an operator. */
  readonly by: string;
  /** The rule that asked for it, or the command; what an operator said where he was asked. */
  readonly why: string;
  /** The epoch of the leader that did it; operators have none. */
  readonly fence?: number;
  /** What else is worth knowing; kept short by whoever writes it. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface LetterEntry extends EntryBasics {
  readonly what: 'dead_letters.drop' | 'dead_letters.purge' | 'dead_letters.redrive' | 'dead_letters.import';
  readonly queue: string;
  /** How many jobs it is about. */
  readonly count: number;
}

interface BreakerEntry extends EntryBasics {
  readonly what: 'breaker.open' | 'breaker.close' | 'breaker.isolate' | 'breaker.release';
  readonly breaker: string;
}

interface ScaleEntry extends EntryBasics {
  readonly what: 'scale.set' | 'scale.release';
  readonly group: string;
}

/** `set` and `release` are an operator's; the others are the controller's. */
interface ShedEntry extends EntryBasics {
  readonly what: 'shed.set' | 'shed.release' | 'shed.begin' | 'shed.change' | 'shed.end';
}

/** Completed jobs give way while memory is short, and are kept again. */
interface HistoryEntry extends EntryBasics {
  readonly what: 'history.give_way' | 'history.stay';
}

interface LeaderEntry extends EntryBasics {
  readonly what: 'leader.elect' | 'leader.lose';
}

/** A worker was found dead, and its jobs were taken from it. */
interface RecoveryEntry extends EntryBasics {
  readonly what: 'worker.recover';
  readonly worker: string;
  /** How many jobs it had; none is worth an entry too. */
  readonly count: number;
}

/** Jobs of one queue: those that are to run alone from now on, and those that were in no place or in several. */
interface JobsEntry extends EntryBasics {
  readonly what: 'job.quarantine' | 'job.repair';
  readonly queue: string;
  readonly count: number;
}

interface JobEntry extends EntryBasics {
  readonly what: 'job.poison' | 'job.cancel';
  readonly queue: string;
  readonly job: string;
}

interface WorkerOrderEntry extends EntryBasics {
  readonly what: 'worker.quiet' | 'worker.drain' | 'worker.restart';
  readonly worker: string;
}

interface QueueEntry extends EntryBasics {
  readonly what: 'queue.pause' | 'queue.resume';
  readonly queue: string;
}

interface PurgeEntry extends EntryBasics {
  readonly what: 'queue.purge';
  readonly queue: string;
  /** How many jobs waited when it was asked for. */
  readonly count: number;
}

/** The oldest entries of a day that was full gave way. */
interface TrimEntry extends EntryBasics {
  readonly what: 'audit.trim';
  readonly count: number;
}

/** What an entry may be about, in the order in which it is written. */
export const entrySubjects = ['queue', 'breaker', 'group', 'worker', 'job'] as const;

export type EntrySubject = (typeof entrySubjects)[number];

/** Version of the format of an entry. */
const version = '2';

/** An entry as the words that are stored, in their order. */
export function fieldsOf(entry: AuditEntry, at: number): Record<string, string> {
  const { by, what, why, details } = entry;
  const given = entry as Partial<Record<EntrySubject | 'count' | 'fence', string | number>>;
  const present = (name: keyof typeof given) => (given[name] === undefined ? [] : [[name, String(given[name])]]);
  return Object.fromEntries([
    ['v', version],
    ['at', String(at)],
    ['by', by],
    ['what', what],
    ...entrySubjects.flatMap(present),
    ['why', why],
    ...present('count'),
    ...present('fence'),
    ['details', JSON.stringify(details)],
  ]) as Record<string, string>;
}
