import { readFileSync } from 'node:fs';
import { beforeEach, onTestFinished } from 'vitest';
import type { Connection } from '../../../examples/outbox/outbox.js';
import { type RelayOptions, relayOutbox } from '../../../examples/outbox/relay.js';
import { sendReceipt } from '../../../examples/outbox/send-receipt.js';
import { eventually } from '../../support/eventually.js';
import type { TestDatabase } from '../../support/postgres.js';
import type { TestPool } from '../worker-pool/test-pool.js';

const schema = readFileSync('examples/outbox/schema.sql', 'utf8');
const { name: queue } = sendReceipt.queue;

/** Empty tables, and an empty Redis, for each test of a file. */
export function useOutbox(database: () => TestDatabase, pool: () => TestPool): () => Connection {
  let connection: Connection | undefined;
  beforeEach(async () => {
    const db = await database().connect();
    await db.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${schema}`);
    await pool().client.flushall();
    connection = db;
    return () => db.end();
  });
  return () => {
    if (!connection) throw new Error('the outbox is there in each test');
    return connection;
  };
}

export interface TestRelay {
  /** What went wrong so far. */
  readonly failures: unknown[];
  /** Ends the relay; resolves when it has ended. */
  stop(): Promise<void>;
}

/** Starts a relay in this process. It ends at the latest with the test. */
export function startRelay(options: Pick<RelayOptions, 'connect' | 'producer'> & Partial<RelayOptions>): TestRelay {
  const end = new AbortController();
  const failures: unknown[] = [];
  const ended = relayOutbox({
    jobs: [sendReceipt],
    signal: end.signal,
    onFailure: (error) => failures.push(error),
    ...options,
  });
  const stop = () => {
    end.abort();
    return ended;
  };
  onTestFinished(stop);
  return { failures, stop };
}

export async function count(db: Connection, table: 'orders' | 'outbox'): Promise<number> {
  const { rows } = await db.query(`SELECT count(*)::integer AS count FROM ${table}`);
  return rows[0]?.['count'] as number;
}

/** The payloads of the jobs that wait in the queue of receipts. */
export async function waitingReceipts({ client, inspector, keyspace }: TestPool): Promise<unknown[]> {
  const ids = (await client.lrange(keyspace.queue(queue, 'wait'), 0, -1)).reverse();
  return Promise.all(ids.map(async (id) => (await inspector.job(queue, id))?.payload));
}

/** How often Redis was given a job, and how often one that it had already. */
export async function enqueues({ client, keyspace }: TestPool): Promise<{ added: number; duplicated: number }> {
  const events = (await client.xrange(keyspace.queue(queue, 'events'), '-', '+')).map(([, fields]) => fields[1]);
  const times = (event: string) => events.filter((each) => each === event).length;
  return { added: times('added'), duplicated: times('duplicated') };
}

/** Waits until so many jobs wait in the queue of receipts. */
export async function receiptsWait(pool: TestPool, jobs: number): Promise<void> {
  await eventually(`${jobs} receipts wait`, async () => (await waitingReceipts(pool)).length === jobs, {
    timeoutMs: 10_000,
  });
}
