import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob, JobShedError, type QueueDefinition } from '../../../src/index.js';
import { encodeDirective, type ShedDirective } from '../../../src/shedding/directive.js';
import { ceilingOf } from '../../../src/shedding/levels.js';
import { eventually } from '../../support/eventually.js';
import { shedDirective } from '../../support/shed-directive.js';
import { startPool, type TestPool } from '../worker-pool/test-pool.js';

const allSheddable = ceilingOf('sheddable_plus');

/** What a leader would say. */
async function say(pool: TestPool, directive: Partial<ShedDirective>, ttlMs = 60_000): Promise<void> {
  await pool.client.set(pool.keyspace.shedDirective, encodeDirective(shedDirective(directive)), 'PX', ttlMs);
}

function countingJob(queue: QueueDefinition, fallback?: () => unknown) {
  const ran: string[] = [];
  const job = defineJob({
    kind: `count-${queue.name}`,
    queue,
    payload: z.object({ id: z.string() }),
    run: ({ id }) => {
      ran.push(id);
      return 'done';
    },
    ...(fallback && { fallback }),
  });
  return { job, ran };
}

describe('a producer', () => {
  it('refuses what gives way, says when to try again, and takes what does not', async () => {
    const pool = await startPool();
    const [bulk, pay] = [pool.queue({ criticality: 'sheddable' }), pool.queue({ criticality: 'critical' })];
    await say(pool, { share: 0.6, cut: allSheddable, reason: 'overload' });
    const producer = pool.producer();

    const refused = await producer.enqueue(countingJob(bulk).job, { id: '1' }).catch((error: unknown) => error);
    const taken = await producer.enqueue(countingJob(pay).job, { id: '2' });

    expect(refused).toBeInstanceOf(JobShedError);
    expect(refused).toMatchObject({ code: 'BULWARK_ENQUEUE_SHED', reason: 'overload', retryable: true });
    expect((refused as JobShedError).retryAfterMs).toBeGreaterThanOrEqual(5_000);
    expect((await pool.inspector.sample(bulk.name)).waiting).toBe(0);
    expect(taken.duplicate).toBe(false);
  });

  it('tells the leader how many it refused', async () => {
    const pool = await startPool();
    const bulk = pool.queue({ criticality: 'sheddable' });
    await say(pool, { share: 0.6, cut: allSheddable });
    const producer = pool.producer();
    const { job } = countingJob(bulk);
    const payloads = ['1', '2', '3'].map((id) => ({ id }));

    await expect(producer.enqueueMany(job, payloads)).rejects.toThrow(JobShedError);

    await eventually('the count is told', async () => {
      await producer.enqueue(job, { id: '4' }).catch(() => undefined);
      return Number(await pool.client.hget(pool.keyspace.shedRefused, bulk.name)) >= 3;
    });
  });

  it('takes everything again once nobody says any more that it is not to', async () => {
    const pool = await startPool();
    const { job } = countingJob(pool.queue({ criticality: 'sheddable' }));
    await say(pool, { share: 0.6, cut: allSheddable });
    const producer = pool.producer();
    await expect(producer.enqueue(job, { id: '1' })).rejects.toThrow(JobShedError);

    await pool.client.del(pool.keyspace.shedDirective);

    await eventually('it is taken', () =>
      producer.enqueue(job, { id: '2' }).then(
        () => true,
        () => false,
      ),
    );
  });

  it('waits for its turn when it is asked to, and fails when that takes too long', async () => {
    const pool = await startPool();
    const { job } = countingJob(pool.queue({ criticality: 'sheddable' }));
    await say(pool, { share: 0.6, cut: allSheddable });
    const hasty = pool.producer({ producer: { shedWaitMs: 100 } });
    const patient = pool.producer();

    await expect(hasty.enqueue(job, { id: '1' }, { whenShed: 'wait' })).rejects.toThrow(JobShedError);
    const waiting = patient.enqueue(job, { id: '2' }, { whenShed: 'wait' });
    await pool.client.del(pool.keyspace.shedDirective);

    expect((await waiting).duplicate).toBe(false);
  }, 20_000);
});

describe('a worker', () => {
  it('takes nothing from a queue that is shut, and all of it when it opens', async () => {
    const pool = await startPool();
    const [bulk, pay] = [pool.queue({ criticality: 'sheddable' }), pool.queue({ criticality: 'critical' })];
    const [counted, paid] = [countingJob(bulk), countingJob(pay)];
    await say(pool, { cut: ceilingOf('sheddable'), gates: { [bulk.name]: 0 } });
    await pool.worker([counted.job, paid.job]);
    const producer = pool.producer();
    await producer.enqueue(counted.job, { id: '1' });
    await producer.enqueue(paid.job, { id: '2' });
    await eventually('what is not shed runs', () => paid.ran.length === 1);

    const whileShut = [...counted.ran];
    await say(pool, {});

    await eventually('it runs', () => counted.ran.length === 1);
    expect(whileShut).toEqual([]);
  });

  it('sets aside what is below the cut, without using up an attempt, and tells why', async () => {
    const pool = await startPool();
    const bulk = pool.queue({ criticality: 'sheddable' });
    const { job, ran } = countingJob(bulk);
    await say(pool, { share: 0.3, cut: ceilingOf('sheddable'), reason: 'overload' });
    const { id } = await pool.producer().enqueue(job, { id: '1' });

    await pool.worker([job]);
    const view = await eventually('it is set aside', async () => {
      const seen = await pool.inspector.job(bulk.name, id);
      return seen?.parkedFor === 'shed' && seen.state === 'delayed' ? seen : undefined;
    });

    expect(view).toMatchObject({ attemptsMade: 0 });
    expect(view.trail).toMatchObject([{ what: 'parked', reason: 'shed' }]);
    expect(await pool.client.zcard(pool.keyspace.parked(bulk.name, 'shed'))).toBe(1);
    expect(ran).toEqual([]);
  });

  it('runs the fallback of a kind that has one', async () => {
    const pool = await startPool();
    const { job, ran } = countingJob(pool.queue({ criticality: 'sheddable' }), () => 'the short way');
    await say(pool, { share: 0.3, cut: ceilingOf('sheddable'), reason: 'overload' });
    const producer = pool.producer();
    const enqueued = await producer.enqueue(job, { id: '1' });

    await pool.worker([job]);

    expect(await producer.wait(enqueued)).toBe('the short way');
    expect(ran).toEqual([]);
  });

  it('runs the first class whatever is said', async () => {
    const pool = await startPool();
    const { job, ran } = countingJob(pool.queue({ criticality: 'critical_plus' }));
    await say(pool, { share: 0.95, cut: ceilingOf('critical') });
    await pool.producer().enqueue(job, { id: '1' });

    await pool.worker([job]);

    await eventually('it runs', () => ran.length === 1);
  });
});
