import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyJobDefinition, Producer } from 'bulwark';
import type { Connection } from './outbox.js';
import { enqueueRow, type OutboxRow } from './outbox-row.js';

export interface RelayOptions {
  /** Opens a connection for the relay alone. To end it is to roll back what it was in the middle of. */
  readonly connect: () => Promise<Connection & { end(): Promise<void> }>;
  readonly producer: Pick<Producer, 'enqueue'>;
  /** The kinds to enqueue. Rows of other kinds, and of newer versions, are left to a relay that knows them. */
  readonly jobs: readonly AnyJobDefinition[];
  /** Ends the relay, after the rows that it has in hand. */
  readonly signal: AbortSignal;
  /** Told of every failure; the relay tries again by itself. */
  readonly onFailure: (error: unknown) => void;
}

/** More: fewer commits. Fewer: less is enqueued a second time when a relay dies. */
const batchSize = 100;
const idleMs = 250;
const longestBackoffMs = 10_000;

/** Rows in the hands of another relay are skipped, so any number of relays can run. */
const claim = `
  SELECT outbox.id::text, outbox.kind, outbox.version, payload, key, tenant
  FROM outbox JOIN unnest($1::text[], $2::integer[]) AS known (kind, version)
    ON outbox.kind = known.kind AND outbox.version <= known.version
  WHERE refused IS NULL
  ORDER BY outbox.id LIMIT ${batchSize}
  FOR UPDATE OF outbox SKIP LOCKED`;

/** Enqueues what transactions have left in the outbox, each row at least once, until the signal is aborted. */
export async function relayOutbox(options: RelayOptions): Promise<void> {
  const { connect, signal, onFailure } = options;
  for (let failures = 0; !signal.aborted; ) {
    try {
      const db = await connect();
      try {
        while (!signal.aborted) {
          const moved = await moveBatch(db, options);
          failures = 0;
          if (moved < batchSize) await pause(idleMs, signal);
        }
      } finally {
        await db.end();
      }
    } catch (error) {
      onFailure(error);
      failures += 1;
      // Jitter above a floor: relays that lost the same Redis do not come back to it all at once.
      await pause(idleMs + Math.random() * Math.min(longestBackoffMs, idleMs * 2 ** failures), signal);
    }
  }
}

/** The deletion commits after Redis has accepted the jobs: a relay that dies in between leaves rows to enqueue again. */
async function moveBatch(db: Connection, { producer, jobs }: RelayOptions): Promise<number> {
  const known = new Map(jobs.map((job) => [job.kind, job]));
  await db.query('BEGIN');
  const claimed = await db.query(claim, [[...known.keys()], [...known.values()].map(({ version }) => version)]);
  const rows = claimed.rows as unknown as OutboxRow[];
  // The transaction waits for all of them, also when one fails: none may be under way once the rows are given back.
  const results = await Promise.allSettled(
    rows.map((row) => enqueueRow(row, known.get(row.kind) as AnyJobDefinition, producer)),
  );
  const accepted: string[] = [];
  for (const result of results) {
    if (result.status === 'rejected') throw result.reason;
    const { id, refused } = result.value;
    if (refused === undefined) accepted.push(id);
    else await db.query('UPDATE outbox SET refused = $2 WHERE id = $1', [id, refused]);
  }
  await db.query('DELETE FROM outbox WHERE id = ANY($1::bigint[])', [accepted]);
  await db.query('COMMIT');
  return rows.length;
}

/** Waits, or returns early when the signal is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
