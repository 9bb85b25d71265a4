import { randomUUID } from 'node:crypto';
import type { AnyJobDefinition, PayloadInput } from 'bulwark';

/** One connection to PostgreSQL. `Client` of `pg` is one as it is, and so is a client checked out of its `Pool`. */
export interface Connection {
  query(text: string, params?: unknown[]): Promise<{ readonly rows: Record<string, unknown>[] }>;
}

export interface OutboxOptions {
  /** Makes the job's identity, as with `enqueue`. Default: one of this row alone. */
  readonly key?: string;
  readonly tenant?: string;
}

/** Commits what `work` wrote on this connection, or nothing of it. */
export async function inTransaction<T>(db: Connection, work: () => Promise<T>): Promise<T> {
  await db.query('BEGIN');
  try {
    const result = await work();
    await db.query('COMMIT');
    return result;
  } catch (error) {
    // When this fails too, the connection is gone, and PostgreSQL rolls back by itself.
    await db.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Enqueues the job if, and only if, the transaction that `db` is in commits. */
export async function enqueueOnCommit<J extends AnyJobDefinition>(
  db: Connection,
  job: J,
  payload: PayloadInput<J>,
  { key = randomUUID(), tenant }: OutboxOptions = {},
): Promise<void> {
  // Better the transaction fails than that a job is promised which nobody can run.
  const { issues } = await job.payload['~standard'].validate(payload);
  if (issues) throw new TypeError(`the payload of ${job.kind} does not fit its schema: ${JSON.stringify(issues)}`);
  await db.query('INSERT INTO outbox (kind, version, payload, key, tenant) VALUES ($1, $2, $3, $4, $5)', [
    job.kind,
    job.version,
    JSON.stringify(payload),
    key,
    tenant ?? null,
  ]);
}
