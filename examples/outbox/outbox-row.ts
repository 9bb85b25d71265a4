import {
  type AnyJobDefinition,
  KeyConflictError,
  PayloadInvalidError,
  PayloadTooLargeError,
  type Producer,
} from 'bulwark';

export interface OutboxRow {
  readonly id: string;
  readonly kind: string;
  readonly version: number;
  readonly payload: unknown;
  readonly key: string;
  readonly tenant: string | null;
}

/** A payload that does not fit, and a key that was given to another payload. */
const refusals = [PayloadInvalidError, PayloadTooLargeError, KeyConflictError];

/** What became of a row: `refused` says why it will never be accepted. */
export interface RowOutcome {
  readonly id: string;
  readonly refused?: string;
}

/**
 * Enqueues the job of a row under the row's own key, so that to do it twice makes one job.
 *
 * A row that will never be accepted is an outcome: it must not hold up the rows behind it. Every other failure is thrown.
 */
export async function enqueueRow(
  row: OutboxRow,
  job: AnyJobDefinition,
  producer: Pick<Producer, 'enqueue'>,
): Promise<RowOutcome> {
  const { id, key, tenant } = row;
  try {
    await producer.enqueue(job, upcast(row, job), { key, ...(tenant !== null && { tenant }) });
    return { id };
  } catch (error) {
    if (refusals.some((refusal) => error instanceof refusal)) return { id, refused: (error as Error).message };
    throw error;
  }
}

/** Brings a payload that was written before the last deployment to the version that is enqueued now. */
function upcast({ kind, version, payload }: OutboxRow, job: AnyJobDefinition): unknown {
  let current = payload;
  for (let from = version; from < job.version; from += 1) {
    try {
      current = job.upcast[from]?.(current);
    } catch (error) {
      throw new PayloadInvalidError(kind, [{ path: '', message: `the upcaster from version ${from} threw: ${error}` }]);
    }
  }
  return current;
}
