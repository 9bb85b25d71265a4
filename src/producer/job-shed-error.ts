import { BulwarkError } from '../errors/bulwark-error.js';
import type { Criticality } from '../job/criticality.js';
import type { ShedReason } from '../job/shed-reason.js';
import { formatDuration } from '../time/duration.js';

const spoken: Readonly<Record<ShedReason, string>> = {
  overload: 'there is more to do than can be done in time',
  pressure: 'Redis or the workers are too slow',
  memory: 'the memory of Redis runs short',
  operator: 'an operator ordered it',
  queue_full: 'as many jobs wait in it as it may hold',
};

/** Thrown by `enqueue` for work that gives way. Nothing was written; trying again helps, but not before `retryAfterMs`. */
export class JobShedError extends BulwarkError {
  readonly code = 'BULWARK_ENQUEUE_SHED';
  readonly retryable = true;
  readonly errorClass = 'throttled';
  readonly reason: ShedReason;
  readonly retryAfterMs: number;

  constructor(queue: string, criticality: Criticality, reason: ShedReason, retryAfterMs: number) {
    super(
      `queue ${queue} (${criticality}) takes nothing new now: ${spoken[reason]}; try again in ${formatDuration(retryAfterMs)}, or enqueue with whenShed: 'wait'`,
      { details: { queue, criticality, reason, retryAfterMs } },
    );
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}
