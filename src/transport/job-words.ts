import type { ScriptArgument } from '../redis/define-script.js';

/** What jobs that are added together mostly have in common. It is sent once for all of them that stand side by side. */
export interface RunWords {
  readonly name: string;
  /** The options as JSON up to where the job's id stands in them, and from there on; whole, when nothing follows. */
  readonly optsHead: string;
  readonly optsTail: string;
  readonly timestamp: ScriptArgument;
  readonly delay: ScriptArgument;
  readonly priority: ScriptArgument;
  /** Where they go: behind all that wait, before them, among the delayed, among the prioritized, or there at their tenant's next turn. */
  readonly place: 'last' | 'first' | 'delayed' | 'prioritized' | 'turn';
  /** Weight and tenant, where tenants have turns; empty elsewhere. */
  readonly share: string;
}

/** A job as add-many.lua takes it. */
export interface JobWords {
  /** Empty for the queue's next number. */
  readonly id: string;
  readonly dataJson: string;
  /** Its options as JSON, where they are its own; empty for those it has in common with others. */
  readonly ownOptsJson: string;
  /** Of the payload, where the id is the digest of a key; empty for a job without one. */
  readonly fingerprint: string;
  readonly common: RunWords;
}

/** How many words a job has beside the common ones: what none of a run has is not sent. */
const [fewestWords, mostWords] = [2, 4] as const;

/**
 * The words of jobs in the order of add-many.lua's header: runs of jobs that have the common words and the number of their own alike,
 * each behind the length of the run, that number and the common words.
 */
export function packWords(jobs: Iterable<JobWords>): ScriptArgument[] {
  const words: ScriptArgument[] = [];
  let run: { readonly common: RunWords; readonly each: number; readonly start: number; length: number } | undefined;
  for (const { id, dataJson, ownOptsJson, fingerprint, common } of jobs) {
    const each = ownOptsJson === '' && fingerprint === '' ? fewestWords : mostWords;
    if (run === undefined || run.each !== each || !areAlike(run.common, common)) {
      run = { common, each, start: words.length, length: 0 };
      const { name, optsHead, optsTail, timestamp, delay, priority, place, share } = common;
      words.push(0, each, name, optsHead, optsTail, timestamp, delay, priority, place, share);
    }
    run.length += 1;
    words[run.start] = run.length;
    words.push(id, dataJson);
    if (each === mostWords) words.push(ownOptsJson, fingerprint);
  }
  return words;
}

function areAlike(one: RunWords, other: RunWords): boolean {
  return (
    one === other ||
    (one.timestamp === other.timestamp &&
      one.name === other.name &&
      one.place === other.place &&
      one.delay === other.delay &&
      one.priority === other.priority &&
      one.share === other.share &&
      one.optsHead === other.optsHead &&
      one.optsTail === other.optsTail)
  );
}
