import { createProducer } from 'bulwark';
import { Client } from 'pg';
import { relayOutbox } from './relay.js';
import { sendReceipt } from './send-receipt.js';

/** The relay as a process. Run as many as you like; SIGTERM ends it after the rows that it has in hand. */
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

const producer = createProducer({ redis: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379' });
await relayOutbox({
  connect: connectToPostgres,
  producer,
  jobs: [sendReceipt],
  signal: stop.signal,
  onFailure: (error) => console.error('relay: failed, trying again:', error instanceof Error ? error.message : error),
});
await producer.close();

async function connectToPostgres(): Promise<Client> {
  const client = new Client({
    connectionString: process.env['DATABASE_URL'],
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
    // The rows of a relay that froze or was cut off are free again after this.
    idle_in_transaction_session_timeout: 30_000,
  });
  // A connection may be lost between two queries; the next query fails and tells of it.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
