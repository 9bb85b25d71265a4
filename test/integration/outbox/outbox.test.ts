import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { type Connection, enqueueOnCommit, inTransaction } from '../../../examples/outbox/outbox.js';
import { placeOrder } from '../../../examples/outbox/place-order.js';
import { type RelayOptions, relayOutbox } from '../../../examples/outbox/relay.js';
import { sendReceipt } from '../../../examples/outbox/send-receipt.js';
import { defineJob } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { findPostgres, startPglite, startPostgres, type TestDatabase } from '../../support/postgres.js';
import { startPool, usePool } from '../worker-pool/test-pool.js';
import { count, enqueues, receiptsWait, startRelay, useOutbox, waitingReceipts } from './test-outbox.js';

const programs = findPostgres();
const databases: [string, () => Promise<TestDatabase>][] = [['PGlite', startPglite]];
if (programs !== undefined) databases.push(['a PostgreSQL server', () => startPostgres(programs)]);

const ada = { email: 'ada@example.com', cents: 4200 };
const grace = { email: 'grace@example.com', cents: 100 };
const pool = usePool();

describe.each(databases)('the outbox on %s', (_name, start) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database.stop());
  const outbox = useOutbox(() => database, pool);
  const connect = () => database.connect();

  it('makes one job of a committed order, and deletes its row', async () => {
    const orderId = await placeOrder(outbox(), ada);

    const relay = startRelay({ connect, producer: pool().producer() });
    await receiptsWait(pool(), 1);
    await relay.stop();

    expect(await waitingReceipts(pool())).toEqual([{ orderId, to: ada.email }]);
    expect(await count(outbox(), 'orders')).toBe(1);
    expect(await count(outbox(), 'outbox')).toBe(0);
  });

  it('leaves neither order nor job when the transaction is rolled back', async () => {
    const rolledBack = inTransaction(outbox(), async () => {
      await outbox().query('INSERT INTO orders (email, cents) VALUES ($1, $2)', [ada.email, ada.cents]);
      await enqueueOnCommit(outbox(), sendReceipt, { orderId: '1', to: ada.email });
      throw new Error('the card was declined');
    });
    await expect(rolledBack).rejects.toThrow('the card was declined');
    const orderId = await placeOrder(outbox(), grace);

    const relay = startRelay({ connect, producer: pool().producer() });
    await receiptsWait(pool(), 1);
    await relay.stop();

    expect(await waitingReceipts(pool())).toEqual([{ orderId, to: grace.email }]);
    expect(await count(outbox(), 'orders')).toBe(1);
  });

  it('rolls an order back whose job nobody could run', async () => {
    const placed = placeOrder(outbox(), { ...ada, email: 'nobody' });

    await expect(placed).rejects.toThrow('the payload of send-receipt does not fit its schema');
    expect(await count(outbox(), 'orders')).toBe(0);
    expect(await count(outbox(), 'outbox')).toBe(0);
  });

  it.each(['before', 'after'] as const)(
    'has one job when its relay dies around the COMMIT, %s that took effect',
    async (moment) => {
      await placeOrder(outbox(), ada);
      await relayThatDies(connect, moment);
      const left = await count(outbox(), 'outbox');
      await placeOrder(outbox(), grace);

      const next = startRelay({ connect, producer: pool().producer() });
      await receiptsWait(pool(), 2);
      await next.stop();

      expect(left).toBe(moment === 'before' ? 1 : 0);
      expect(await enqueues(pool())).toEqual({ added: 2, duplicated: left });
      expect(await count(outbox(), 'outbox')).toBe(0);
    },
  );

  it('keeps the rows while Redis is away, and enqueues them when it is back', async () => {
    const away = await startPool({ appendOnly: true });
    const producer = away.producer({ redis: { url: away.url, commandTimeoutMs: 1_000 } });
    await placeOrder(outbox(), ada);
    const relay = startRelay({ connect, producer });
    await receiptsWait(away, 1);
    await relay.stop();
    await placeOrder(outbox(), grace);

    await away.server.kill();
    const patient = startRelay({ connect, producer });
    await eventually('the relay has failed twice', () => patient.failures.length >= 2);
    await patient.stop();
    const left = await count(outbox(), 'outbox');
    await away.server.restart();
    startRelay({ connect, producer });
    await receiptsWait(away, 2);

    expect(left).toBe(1);
    expect(patient.failures[0]).toMatchObject({ code: 'BULWARK_REDIS_UNAVAILABLE' });
    expect(await enqueues(away)).toMatchObject({ added: 2 });
  });

  it('sets rows aside, with the reason, whose payload is refused, and goes on with the others', async () => {
    await insertRow(outbox(), { payload: { orderId: '1', to: 'nobody' } });
    await insertRow(outbox(), { payload: { orderId: 'x'.repeat(2_000), to: ada.email } });
    await insertRow(outbox(), { payload: { orderId: '3', to: ada.email } });
    const producer = pool().producer({ job: { maxPayloadBytes: 1_024 } });

    const relay = startRelay({ connect, producer });
    await receiptsWait(pool(), 1);
    await relay.stop();

    const { rows } = await outbox().query('SELECT refused FROM outbox ORDER BY id');
    expect(rows).toEqual([
      { refused: expect.stringContaining('to: ') },
      { refused: expect.stringContaining('at most 1024 are accepted') },
    ]);
    expect(relay.failures).toEqual([]);
  });

  it('enqueues a refused row once it was mended', async () => {
    await insertRow(outbox(), { payload: { orderId: '1', to: 'nobody' } });
    await insertRow(outbox(), { payload: { orderId: '2', to: ada.email } });
    const relay = startRelay({ connect, producer: pool().producer() });
    await receiptsWait(pool(), 1);
    await relay.stop();
    await outbox().query(`UPDATE outbox SET payload = $1, refused = NULL`, [
      JSON.stringify({ orderId: '1', to: grace.email }),
    ]);

    startRelay({ connect, producer: pool().producer() });

    await receiptsWait(pool(), 2);
    expect(await waitingReceipts(pool())).toContainEqual({ orderId: '1', to: grace.email });
  });

  it('leaves kinds and versions that a relay does not know to one that does', async () => {
    const later = defineJob({ ...laterReceipt, upcast: { 1: (v1: object) => ({ ...v1, language: 'en' }) } });
    await insertRow(outbox(), { payload: { orderId: '2', to: ada.email, language: 'fr' }, version: 2 });
    await insertRow(outbox(), { payload: {}, kind: 'unheard-of' });
    await insertRow(outbox(), { payload: { orderId: '1', to: ada.email } });
    const old = startRelay({ connect, producer: pool().producer() });
    await receiptsWait(pool(), 1);
    await old.stop();
    await insertRow(outbox(), { payload: { orderId: '3', to: ada.email } });

    const current = startRelay({ connect, producer: pool().producer(), jobs: [later] });
    await receiptsWait(pool(), 3);
    await current.stop();

    expect(await waitingReceipts(pool())).toEqual([
      { orderId: '1', to: ada.email },
      { orderId: '2', to: ada.email, language: 'fr' },
      { orderId: '3', to: ada.email, language: 'en' },
    ]);
    expect(await kindsLeft(outbox())).toEqual(['unheard-of']);
  });

  it('sets a row aside that its upcaster cannot read', async () => {
    const unreadable = defineJob({
      ...laterReceipt,
      upcast: {
        1: () => {
          throw new Error('no such field');
        },
      },
    });
    await insertRow(outbox(), { payload: { orderId: '1', to: ada.email } });
    await insertRow(outbox(), { payload: { orderId: '2', to: ada.email, language: 'fr' }, version: 2 });

    const relay = startRelay({ connect, producer: pool().producer(), jobs: [unreadable] });
    await receiptsWait(pool(), 1);
    await relay.stop();

    const { rows } = await outbox().query('SELECT refused FROM outbox');
    expect(rows).toEqual([{ refused: expect.stringContaining('no such field') }]);
  });

  it('gives the jobs of a row its key and its tenant', async () => {
    await inTransaction(outbox(), () =>
      enqueueOnCommit(outbox(), sendReceipt, { orderId: '1', to: ada.email }, { key: 'order-1', tenant: 'acme' }),
    );

    const relay = startRelay({ connect, producer: pool().producer() });
    await receiptsWait(pool(), 1);
    await relay.stop();

    const again = await pool()
      .producer()
      .enqueue(sendReceipt, { orderId: '1', to: ada.email }, { key: 'order-1', tenant: 'acme' });
    const job = await pool().inspector.job('email', again.id);
    expect(job?.meta).toMatchObject({ key: 'order-1', tenant: 'acme' });
    expect(await enqueues(pool())).toEqual({ added: 1, duplicated: 1 });
  });

  it('has the work done once, also when a row outlives its job', async () => {
    const mails = await startMailService();
    await placeOrder(outbox(), ada);
    await relayThatDies(connect, 'before');
    await pool().worker([sendReceipt]);
    await eventually('the job has ended', async () => (await pool().inspector.sample('email')).completed === 1);
    await forgetCompleted();

    startRelay({ connect, producer: pool().producer() });
    await eventually('the row has gone', async () => (await count(outbox(), 'outbox')) === 0);

    expect(await pool().inspector.sample('email')).toMatchObject({ waiting: 0, active: 0 });
    expect(mails).toHaveLength(1);
  });

  it('sends one key to the receiver, also when a row outlives what is known of its key', async () => {
    const mails = await startMailService();
    await placeOrder(outbox(), ada);
    await relayThatDies(connect, 'before');
    await pool().worker([sendReceipt]);
    await eventually('the mail was sent', () => mails.length === 1);
    await eventually('the job has ended', async () => (await pool().inspector.sample('email')).completed === 1);
    await forgetCompleted();
    await forgetKeys();

    startRelay({ connect, producer: pool().producer() });
    await eventually('the mail was sent again', () => mails.length === 2);

    expect(mails[0]).toMatch(/^[\w-]{20,}$/);
    expect(mails[1]).toBe(mails[0]);
  });
});

const laterReceipt = {
  kind: sendReceipt.kind,
  queue: sendReceipt.queue,
  version: 2,
  payload: z.object({ orderId: z.string(), to: z.email(), language: z.string() }),
  run: () => undefined,
};

/** A relay that dies when it is about to commit its first rows, or has, before it hears of it. */
async function relayThatDies(connect: RelayOptions['connect'], moment: 'before' | 'after'): Promise<void> {
  const death = new AbortController();
  await relayOutbox({
    connect: async () => dyingAtCommit(await connect(), moment),
    producer: pool().producer(),
    jobs: [sendReceipt],
    signal: death.signal,
    onFailure: () => death.abort(),
  });
}

function dyingAtCommit(
  connection: Awaited<ReturnType<RelayOptions['connect']>>,
  moment: 'before' | 'after',
): Awaited<ReturnType<RelayOptions['connect']>> {
  return {
    async query(text, params) {
      if (text !== 'COMMIT') return connection.query(text, params);
      if (moment === 'after') await connection.query(text);
      throw new Error(`the relay died ${moment} COMMIT`);
    },
    end: () => connection.end(),
  };
}

interface Row {
  readonly payload: unknown;
  readonly kind?: string;
  readonly version?: number;
}

/** A row as another program might write it. */
async function insertRow(db: Connection, { payload, kind = sendReceipt.kind, version = 1 }: Row): Promise<void> {
  await db.query('INSERT INTO outbox (kind, version, payload, key) VALUES ($1, $2, $3, gen_random_uuid()::text)', [
    kind,
    version,
    JSON.stringify(payload),
  ]);
}

async function kindsLeft(db: Connection): Promise<unknown[]> {
  const { rows } = await db.query('SELECT kind FROM outbox');
  return rows.map(({ kind }) => kind);
}

/** What time does to completed jobs, after `job.keepCompletedMs`. */
async function forgetCompleted(): Promise<void> {
  const completed = pool().keyspace.queue('email', 'completed');
  const ids = await pool().client.zrange(completed, '0', '-1');
  await pool().client.del([completed, ...ids.map((id) => pool().keyspace.queue('email', String(id)))]);
}

/** As when its keys have not been kept any longer. */
async function forgetKeys(): Promise<void> {
  const records = await pool().client.keys(`${pool().keyspace.ledgerBase('email')}*`);
  await pool().client.del(records);
}

/** A receiver of mails; the list has the idempotency key of each request. */
async function startMailService(): Promise<string[]> {
  const keys: string[] = [];
  const server = createServer((request, response) => {
    keys.push(String(request.headers['idempotency-key']));
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  vi.stubEnv('MAIL_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    server.close();
  });
  return keys;
}
