import type { LetterError, LetterSummary } from '../../../src/dead-letter/record.js';
import type { EpochMs } from '../../../src/time/duration.js';

/** A letter of which only what is given matters. */
export function aLetter({
  error,
  ...given
}: Partial<Omit<LetterSummary, 'error'>> & { readonly error?: Partial<LetterError> } = {}): LetterSummary {
  return {
    deadId: '1',
    id: '1',
    queue: 'email',
    kind: 'send-receipt',
    reason: 'attempts_exhausted',
    diedAt: 1_000 as EpochMs,
    ...given,
    error: { class: 'transient', name: 'Error', message: 'no paper', fingerprint: 'f00', ...error },
  };
}
