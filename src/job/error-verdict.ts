import type { DurationMs } from '../time/duration.js';
import type { ErrorClass } from './outcome.js';

/** What an error means for the job: its class and, when the other side said so, how long to wait. */
export interface ErrorVerdict {
  readonly class: ErrorClass;
  /** Not before this long from now. */
  readonly retryAfterMs?: DurationMs | number;
}
