import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../src/audit/audit-entry.js';
import { CensusSweeper } from '../../../src/recovery/census-sweeper.js';
import { deadLetterQueue } from '../../../src/redis/keyspace.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { recordLog, startPool, type TestPool } from '../worker-pool/test-pool.js';

const queue = 'census';

async function startSweeper() {
  const pool = await startPool();
  const { log, said } = recordLog();
  const metrics = createMetrics({ role: 'supervisor', version: '1' });
  const { client, keyspace, inspector, admin } = pool;
  const queues = async () => [queue];
  const leadership = { term: 1, deposed: () => undefined };
  const written: AuditEntry[] = [];
  const audit = { add: (entry: AuditEntry) => written.push(entry) };
  const sweeper = new CensusSweeper({
    ...{ client, keyspace, inspector, admin, queues, leadership, log, metrics },
    ...{ audit, supervisor: 'sup-1' },
  });
  const sweep = async (times: number) => {
    for (let time = 0; time < times; time++) await sweeper.sweep();
  };
  const counted = (fault: 'lost' | 'twice', decision: 'repaired' | 'left') =>
    metricValue(metrics, 'bulwark_half_written_jobs_total', { queue, fault, decision });
  return { pool, sweep, said, counted, written };
}

function putJob({ client, keyspace }: TestPool, id: string, timestamp = 1, name = queue): Promise<number> {
  return client.hset(keyspace.queue(name, id), { name: 'echo', timestamp, data: '{}' });
}

const waiting = ({ client, keyspace }: TestPool) => client.lrange(keyspace.queue(queue, 'wait'), 0, -1);

describe('the census of the leader', () => {
  it('puts back a job that is in no place, to where its age belongs, after it has seen it so twice', async () => {
    const { pool, sweep, said, counted, written } = await startSweeper();
    await putJob(pool, 'younger', 3);
    await pool.client.lpush(pool.keyspace.queue(queue, 'wait'), 'younger');
    await putJob(pool, 'lost', 2);

    await sweep(1);
    const afterOne = await waiting(pool);
    await sweep(1);

    expect(afterOne).toEqual(['younger']);
    expect(await waiting(pool)).toEqual(['younger', 'lost']);
    expect(said('job.half_written')).toMatchObject([{ queue, jobId: 'lost', fault: 'lost', decision: 'repaired' }]);
    expect(await counted('lost', 'repaired')).toBe(1);
    expect(written).toMatchObject([
      { by: 'sup-1', what: 'job.repair', queue, count: 1, fence: 1, details: { jobs: ['lost'] } },
    ]);
  });

  it('leaves a job alone that found its place meanwhile', async () => {
    const { pool, sweep, said } = await startSweeper();
    await putJob(pool, 'moving');
    await sweep(1);

    await pool.client.zadd(pool.keyspace.queue(queue, 'delayed'), 1, 'moving');
    await sweep(2);

    expect(await waiting(pool)).toEqual([]);
    expect(said('job.half_written')).toEqual([]);
  });

  it('leaves a job in one place that stood in two, where it runs if somebody runs it', async () => {
    const { pool, sweep, counted } = await startSweeper();
    const key = (part: string) => pool.keyspace.queue(queue, part);
    await putJob(pool, 'runs');
    await pool.client.lpush(key('active'), 'runs');
    await pool.client.set(`${key('runs')}:lock`, 'token');
    await putJob(pool, 'waits');
    await pool.client.lpush(key('wait'), 'waits', 'runs', 'waits');

    await sweep(2);

    expect(await waiting(pool)).toEqual(['waits']);
    expect(await pool.client.lrange(key('active'), 0, -1)).toEqual(['runs']);
    expect(await counted('twice', 'repaired')).toBe(2);
  });

  it('tells of what nobody can decide, and leaves it', async () => {
    const { pool, sweep, said, counted } = await startSweeper();
    await putJob(pool, 'both');
    await pool.client.lpush(pool.keyspace.queue(queue, 'wait'), 'both');
    await pool.client.zadd(pool.keyspace.queue(queue, 'completed'), 1, 'both');

    await sweep(2);

    expect(await waiting(pool)).toEqual(['both']);
    expect(said('job.half_written')).toMatchObject([{ jobId: 'both', fault: 'twice', decision: 'left' }]);
    expect(await counted('twice', 'left')).toBe(1);
  });

  it('puts a lost dead letter back among the dead letters', async () => {
    const { pool, sweep } = await startSweeper();
    const dead = deadLetterQueue(queue);
    await putJob(pool, 'letter', 1, dead);

    await sweep(2);

    expect(await pool.client.zrange(pool.keyspace.queue(dead, 'failed'), '0', '-1')).toEqual(['letter']);
  });

  it('sees every job in the end, however many keys there are', async () => {
    const { pool, sweep } = await startSweeper();
    const pipeline = pool.client.pipeline();
    for (let index = 0; index < 3_000; index++) {
      pipeline.hset(pool.keyspace.queue(queue, `j${index}`), { name: 'echo', timestamp: 1 });
      pipeline.zadd(pool.keyspace.queue(queue, 'completed'), `${index}`, `j${index}`);
    }
    await pipeline.exec();
    await putJob(pool, 'lost');

    await sweep(8);

    expect(await waiting(pool)).toEqual(['lost']);
  });
});
