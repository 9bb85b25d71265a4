import { BulwarkError } from '../errors/bulwark-error.js';

/** Thrown when a command names a queue that no worker and no producer has ever told of. */
export class UnknownQueueError extends BulwarkError {
  readonly code = 'BULWARK_QUEUE_UNKNOWN';
  readonly retryable = false;

  constructor(
    queue: string,
    known: readonly string[],
    suggestion: string | undefined,
    place: { readonly namespace: string; readonly address: string },
  ) {
    const knownText =
      known.length === 0
        ? `no queue is known in namespace ${place.namespace} at ${place.address}: queues appear with the first worker or the first job`
        : `known queues: ${known.join(', ')}`;
    super(`unknown queue ${JSON.stringify(queue)}; ${knownText}${suggestion ? `; did you mean ${suggestion}?` : ''}`, {
      details: { queue, known },
    });
  }
}
