import { Cluster, type Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { DeadLetterStore } from '../../../src/dead-letter/dead-letter-store.js';
import { LetterArchive } from '../../../src/dead-letter/letter-archive.js';
import { RetentionSweeper } from '../../../src/dead-letter/retention-sweeper.js';
import { Keyspace } from '../../../src/redis/keyspace.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { startCluster } from '../../support/cluster-redis.js';
import { putLetters } from '../../support/dead-letters.js';
import type { TestRedis } from '../../support/redis-server.js';
import { silent } from '../worker-pool/test-pool.js';

const queue = 'email';
const keyspace = new Keyspace('bulwark');
let server: TestRedis;

beforeAll(async () => {
  server = await startCluster();
});
afterAll(() => server.stop());

/** A client that sends each command to the node of its slot; a script that touches two slots is refused. */
function connect(): Redis {
  const cluster = new Cluster([{ host: '127.0.0.1', port: server.port }]);
  onTestFinished(() => cluster.disconnect());
  // It has the commands of a client of one server, and those are all that is used.
  return cluster as unknown as Redis;
}

it('a Redis Cluster takes every step with dead letters: all of a queue lies in one slot, and the audit stream in another', async () => {
  const client = connect();
  await putLetters(client, keyspace, queue, [
    { id: 'a', diedAt: 1_000 },
    { id: 'b', diedAt: 2_000 },
    { id: 'c', diedAt: 3_000 },
  ]);
  const store = new DeadLetterStore(client, keyspace, queue);
  const archive = new LetterArchive(client, keyspace);
  const sweeper = new RetentionSweeper({
    client,
    letters: () => store,
    audit: new AuditLog(client, keyspace),
    queues: async () => [queue],
    leadership: { term: 1, deposed: () => undefined },
    policy: { keepMs: false, keepCount: 1 },
    supervisor: 's1',
    log: silent,
    metrics: createMetrics({ role: 'supervisor', version: '1' }),
  });

  const [letter] = await store.summaries(['b']);
  const raw = letter && (await archive.read(letter));
  expect(await store.redrive({ deadId: 'a', id: 'a' }, { by: 'ada@host' })).toMatchObject({ kind: 'redriven' });
  expect(await store.outcomes([{ id: 'a', at: 1 as never }])).toEqual([{ state: 'pending' }]);
  await sweeper.sweep(new AbortController().signal);

  const ids = async () => (await store.oldest(10)).map(({ deadId }) => deadId);
  expect(await ids()).toEqual(['c']);
  expect(raw && (await archive.put(raw, false))).toBe('imported');
  expect(await ids()).toEqual(['b', 'c']);
});
