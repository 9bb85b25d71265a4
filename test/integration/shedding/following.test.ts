import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BreakerStore } from '../../../src/breaker/breaker-store.js';
import { defineDependency, defineJob, JobShedError, type QueueDefinition } from '../../../src/index.js';
import { FleetStore } from '../../../src/recovery/fleet-store.js';
import { encodeDirective, type ShedDirective } from '../../../src/shedding/directive.js';
import { ceilingOf } from '../../../src/shedding/levels.js';
import { eventually } from '../../support/eventually.js';
import { shedDirective } from '../../support/shed-directive.js';
import { recordLog, startPool, type TestPool } from '../worker-pool/test-pool.js';

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
    await say(pool, { share: 0.3, cut: ceilingOf('sheddable'), reason: 'operator' });
    const { id } = await pool.producer().enqueue(job, { id: '1' });

    await pool.worker([job]);
    const view = await eventually('it is set aside', async () => {
      const seen = await pool.inspector.job(bulk.name, id);
      return seen?.parkedFor === 'shed' && seen.state === 'delayed' ? seen : undefined;
    });

    expect(view).toMatchObject({ attemptsMade: 0 });
    expect(view.trail).toMatchObject([{ what: 'parked', reason: 'shed', cause: 'operator' }]);
    expect(await pool.client.zcard(pool.keyspace.parked(bulk.name, 'shed'))).toBe(1);
    expect(ran).toEqual([]);
  });

  it('runs the fallback of a kind that has one, and says so', async () => {
    const pool = await startPool();
    const bulk = pool.queue({ criticality: 'sheddable' });
    const { job, ran } = countingJob(bulk, () => 'the short way');
    await say(pool, { share: 0.3, cut: ceilingOf('sheddable'), reason: 'overload' });
    const producer = pool.producer();
    const enqueued = await producer.enqueue(job, { id: '1' });

    await pool.worker([job]);
    const outcome = await producer.outcome(enqueued);
    const view = await pool.inspector.job(bulk.name, enqueued.id);

    expect(outcome).toEqual({ result: 'the short way', fallback: true });
    expect(view).toMatchObject({ fallbackFor: 'shed', trail: [{ what: 'fallback', breaker: 'shed' }] });
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

  it('uses as few slots as breakers and shedding both allow, whichever of them speaks last', async () => {
    const pool = await startPool();
    const smtp = defineDependency({ name: 'smtp' });
    const bulk = pool.queue({ criticality: 'sheddable' });
    const job = defineJob({
      kind: 'mail',
      queue: bulk,
      payload: z.object({}),
      dependencies: [smtp],
      run: () => undefined,
    });
    const breakers = new BreakerStore(pool.client, pool.keyspace);
    const [by, why] = ['somebody', 'a test'];
    const { log, said } = recordLog();
    await breakers.isolate('smtp', { by, why });
    const { id } = await pool.worker([job], { log, worker: { concurrency: 10, beatMs: 100 } });
    const fleet = new FleetStore(pool.client, pool.keyspace);
    const usable = async () => (await fleet.beatsOf([id]))[0]?.queues[0]?.usable;
    const isUsable = (slots: number | undefined) =>
      eventually(`${slots ?? 'all'} may be used`, async () => (await usable()) === slots);
    await isUsable(0);

    await say(pool, { gates: { [bulk.name]: 0.5 } });
    await eventually('it hears of the gate', () => said('shed.queue_limited').length === 1);
    const heardAt = performance.now();
    await eventually('it beats', async () => {
      const seen = (await fleet.read()).find((sighting) => sighting.id === id);
      return seen !== undefined && performance.now() - heardAt > seen.ageMs + 100;
    });
    const behindBoth = await usable();
    await breakers.release('smtp', { by, why });
    await isUsable(5);
    await say(pool, {});
    await isUsable(undefined);

    expect(behindBoth).toBe(0);
  });
});
