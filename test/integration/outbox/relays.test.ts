import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeOrder } from '../../../examples/outbox/place-order.js';
import type { RelayOptions } from '../../../examples/outbox/relay.js';
import { eventually } from '../../support/eventually.js';
import { findPostgres, startPostgres, type TestPostgres } from '../../support/postgres.js';
import { type RunningProcess, spawnProcess } from '../../support/processes.js';
import { usePool } from '../worker-pool/test-pool.js';
import { count, enqueues, receiptsWait, startRelay, useOutbox } from './test-outbox.js';

const programs = findPostgres();
const pool = usePool();

/** What needs connections of their own, which only a server has. */
describe.skipIf(programs === undefined)('relays on a PostgreSQL server', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres(programs ?? '');
  });
  afterAll(() => postgres.stop());
  const outbox = useOutbox(() => postgres, pool);
  const connect = () => postgres.connect();

  it('share the rows of one outbox, and none has two', async () => {
    await placeOrders(250);
    const first = heldProducer();
    const held = startRelay({ connect, producer: first.producer });
    await eventually('the first relay has claimed a batch', () => first.calls() === 100);

    startRelay({ connect, producer: pool().producer() });
    await receiptsWait(pool(), 150);
    first.goOn();
    await receiptsWait(pool(), 250);

    await eventually('the outbox is empty', async () => (await count(outbox(), 'outbox')) === 0);
    expect(await enqueues(pool())).toEqual({ added: 250, duplicated: 0 });
    expect(held.failures).toEqual([]);
  });

  it('enqueue each row once when four of them hurry', async () => {
    await placeOrders(1_000);

    const relays = Array.from({ length: 4 }, () => startRelay({ connect, producer: pool().producer() }));
    await eventually('the outbox is empty', async () => (await count(outbox(), 'outbox')) === 0);
    await Promise.all(relays.map((relay) => relay.stop()));

    expect(await enqueues(pool())).toEqual({ added: 1_000, duplicated: 0 });
  });

  it('take over the rows of one that was killed after the enqueue and before the commit', async () => {
    await placeOrders(10);
    const lock = await postgres.connect();
    // Rows can be claimed under this lock, and not be deleted.
    await lock.query('BEGIN; LOCK TABLE outbox IN SHARE MODE');
    const killed = startProgram();
    await receiptsWait(pool(), 10);
    killed.kill('SIGKILL');
    await killed.exited;
    await lock.end();

    startProgram();

    await eventually('the outbox is empty', async () => (await count(outbox(), 'outbox')) === 0);
    expect(await enqueues(pool())).toEqual({ added: 10, duplicated: 10 });
    await receiptsWait(pool(), 10);
  });

  it('take over the rows of one that hangs', async () => {
    await placeOrders(1);
    const hanging = heldProducer();
    const hung = startRelay({
      connect: () => postgres.connect({ idle_in_transaction_session_timeout: 300 }),
      producer: hanging.producer,
    });
    await eventually('the first relay has claimed the row', () => hanging.calls() > 0);

    startRelay({ connect, producer: pool().producer() });
    await receiptsWait(pool(), 1);
    hanging.goOn();

    await eventually('the first relay hears that it lost the row', () => hung.failures.length > 0);
    expect(await enqueues(pool())).toEqual({ added: 1, duplicated: 1 });
    expect(await count(outbox(), 'outbox')).toBe(0);
  });

  it('connect anew when PostgreSQL ended their connection', async () => {
    const relay = startRelay({
      connect: () => postgres.connect({ application_name: 'relay' }),
      producer: pool().producer(),
    });
    await eventually('the relay is connected', endRelayConnections);

    await placeOrders(1);

    await receiptsWait(pool(), 1);
    expect(relay.failures).toHaveLength(1);
  });

  it('end with exit code 0 when they are told to stop', async () => {
    const program = startProgram();
    await placeOrders(1);
    await receiptsWait(pool(), 1);

    program.kill('SIGTERM');

    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.text('stderr')).toBe('');
    expect(await count(outbox(), 'outbox')).toBe(0);
  });

  async function placeOrders(orders: number): Promise<void> {
    for (let n = 0; n < orders; n += 1) await placeOrder(outbox(), { email: `${n}@example.com`, cents: n });
  }

  /** A producer that holds every job back until it may go on. */
  function heldProducer() {
    const producer = pool().producer();
    let calls = 0;
    let goOn = () => {};
    const released = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const enqueue: RelayOptions['producer']['enqueue'] = async (...job) => {
      calls += 1;
      await released;
      return producer.enqueue(...job);
    };
    return { producer: { enqueue }, calls: () => calls, goOn };
  }

  /** The relay as its users start it. */
  function startProgram(): RunningProcess {
    return spawnProcess(process.execPath, ['dist/examples/outbox/start-relay.js'], {
      env: { DATABASE_URL: postgres.url, REDIS_URL: pool().url },
    });
  }

  /** Whether there was one to end. */
  async function endRelayConnections(): Promise<boolean> {
    const { rows } = await outbox().query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'relay'`,
    );
    return rows.length > 0;
  }
});
