import type { LetterReason } from './record.js';

/**
 * What a reason asks of an operator.
 *
 * - `redrive`: what was in the way is outside of the job; when it is gone, the job may succeed as it is.
 * - `fix`: the same code fails with the same payload again; change one of them first.
 * - `expected`: it ended as it was meant to; nothing is broken.
 * - `unknown`: the letter does not say.
 */
export type ReasonClass = 'redrive' | 'fix' | 'expected' | 'unknown';

export interface ReasonAdvice {
  readonly class: ReasonClass;
  /** What to do, in one short line. */
  readonly hint: string;
}

/** What to do about each reason for a death. */
const reasonAdvice: Readonly<Record<LetterReason, ReasonAdvice>> = {
  attempts_exhausted: { class: 'redrive', hint: 'redrive when what it depends on works again' },
  permanent_error: { class: 'fix', hint: 'fix the code or the payload (--patch), then redrive' },
  business_error: { class: 'expected', hint: 'an expected no: purge, or redrive when the answer would change' },
  expired: { class: 'expected', hint: 'it was too late to be worth doing: purge, or redrive what has no deadline' },
  cancelled: { class: 'expected', hint: 'somebody called it off: purge, or redrive to do it after all' },
  failed_by_queue: { class: 'redrive', hint: 'look at what failed it, a child or a plain worker, then redrive' },
  payload_invalid: { class: 'fix', hint: 'repair the payload (--patch) or the schema, then redrive' },
  payload_not_json: { class: 'fix', hint: 'mend who wrote it; export, repair and import it, or purge' },
  payload_too_large: { class: 'fix', hint: 'enqueue a reference instead, or raise job.maxPayloadBytes, then redrive' },
  upcast_failed: { class: 'fix', hint: 'mend the upcaster of its version, then redrive' },
  kind_unknown: { class: 'fix', hint: 'start workers that know the kind, then redrive' },
  key_conflict: { class: 'fix', hint: 'its key names other work already: find who gave the key twice; do not redrive' },
  poison: { class: 'fix', hint: 'it takes its process down: read its crashes and fix the code before you redrive' },
  unknown: { class: 'unknown', hint: 'its record cannot be read: not dead-lettered by Bulwark, or changed since' },
};

/** Errors of the language itself. With a code they come from elsewhere: `fetch` throws a TypeError when the network fails. */
const mistakes: readonly string[] = ['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError'];

const mistakeAdvice: ReasonAdvice = { class: 'fix', hint: 'it looks like a mistake in the code: fix it, then redrive' };

/** What is asked of a letter to say what to do about it. */
interface DeathCause {
  readonly reason: LetterReason;
  readonly error: { readonly name: string; readonly code?: string };
}

/** What to do about a letter. Pure. */
export function adviceOn({ reason, error }: DeathCause): ReasonAdvice {
  const isMistake = reason === 'attempts_exhausted' && error.code === undefined && mistakes.includes(error.name);
  return isMistake ? mistakeAdvice : reasonAdvice[reason];
}
