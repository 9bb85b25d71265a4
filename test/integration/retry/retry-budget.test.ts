import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineDependency, defineJob, type JobOptions } from '../../../src/index.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { plainBullmq } from '../interop/bullmq.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { recordLog, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
/** Without a breaker, which would keep the jobs from it before they are retries. */
const bank = defineDependency({ name: 'bank', breaker: false });
const payload = z.object({ n: z.number() });
type Options = JobOptions<typeof payload, unknown>;

/** A budget of so many retries, into which nearly nothing comes in. */
const budgetOf = (retryBudget: number) => ({ retryBudget, retryBudgetPercent: 0, retryBudgetPerSecond: 1 });

/** A kind whose calls of the bank fail until it is told otherwise. */
function payments(options: Partial<Options> = {}) {
  const bankState = { isDown: true, calls: 0 };
  const job = defineJob({
    kind: 'pay',
    queue: pool().queue(),
    payload,
    dependencies: [bank],
    retry: { attempts: 3, base: 1, cap: 1 },
    run: (_payload, ctx) =>
      ctx.call(bank, async () => {
        bankState.calls += 1;
        if (bankState.isDown) throw new Error('the bank is closed');
        return 'paid';
      }),
    ...options,
  });
  return { job, bankState };
}

/** Leaves nothing of the bank's budget for longer than a test takes. */
async function overdraw(queue: string): Promise<string> {
  const budget = `${pool().keyspace.retryBudgetBase(queue)}bank`;
  await pool().client.hset(budget, { left: -100_000, at: Date.now() });
  return budget;
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));

describe('a dependency that is down', () => {
  it('is called by retries as often as the budget allows, and the jobs are postponed, not failed', async () => {
    const { job, bankState } = payments();
    const metrics = createMetrics({ role: 'worker', version: '1.2.3' });
    const { log, said } = recordLog();
    await pool().worker([job], { job: budgetOf(5), metrics, log });
    const queue = job.queue.name;
    const enqueued = await pool().producer().enqueueMany(job, numbers(40));

    const views = await eventually('all jobs wait for the budget', async () => {
      const found = await Promise.all(enqueued.map(({ id }) => pool().inspector.job(queue, id)));
      return found.every((view) => view?.parkedFor === 'retry_budget') ? found : undefined;
    });

    // Time brings in a little while the test runs.
    expect(bankState.calls).toBeGreaterThanOrEqual(45);
    expect(bankState.calls).toBeLessThanOrEqual(52);
    const attempts = views.reduce((sum, view) => sum + (view?.attemptsMade ?? 0), 0);
    expect(attempts).toBe(bankState.calls);
    expect(views[0]).toMatchObject({ state: 'delayed' });
    expect(views[0]?.attempts[0]).toMatchObject({ attempt: 1, dependency: 'bank' });
    expect(await pool().deadLetters(job.queue).count()).toBe(0);
    const verdicts = async (verdict: string) =>
      metricValue(metrics, 'bulwark_retry_budget_verdicts_total', { queue, dependency: 'bank', verdict });
    expect(await verdicts('taken')).toBe(bankState.calls - 40);
    expect(await verdicts('empty')).toBeGreaterThanOrEqual(40);
    expect(said('retry.budget_exhausted')[0]).toMatchObject({ queue, dependency: 'bank' });
  });

  it('costs a job that waited for the budget no attempt, and the job is done when it comes back', async () => {
    const { job, bankState } = payments({ retry: { attempts: 2, base: 1, cap: 1 } });
    await pool().worker([job], { job: budgetOf(100) });
    const producer = pool().producer();
    const queue = job.queue.name;
    const budget = await overdraw(queue);
    const enqueued = await producer.enqueueMany(job, numbers(3));
    await eventually('all jobs wait for the budget', async () => {
      const views = await Promise.all(enqueued.map(({ id }) => pool().inspector.job(queue, id)));
      return views.every((view) => view?.parkedFor === 'retry_budget');
    });

    bankState.isDown = false;
    await pool().client.del(budget);
    await plainBullmq(pool(), queue).queue().promoteJobs();

    for (const one of enqueued) {
      expect(await producer.wait(one)).toBe('paid');
      expect(await pool().inspector.job(queue, one.id)).toMatchObject({ state: 'completed', attemptsMade: 2 });
    }
  });

  it('does not let a job miss its deadline for the budget', async () => {
    const { job, bankState } = payments({ maxQueueAge: '4s' });
    const metrics = createMetrics({ role: 'worker', version: '1.2.3' });
    await pool().worker([job], { job: budgetOf(100), metrics });
    const producer = pool().producer();
    const queue = job.queue.name;
    await overdraw(queue);

    const enqueued = await producer.enqueue(job, { n: 1 });
    await eventually('it waits for the budget', async () => {
      const view = await pool().inspector.job(queue, enqueued.id);
      return view?.parkedFor === 'retry_budget';
    });
    bankState.isDown = false;

    expect(await producer.wait(enqueued)).toBe('paid');
    expect(bankState.calls).toBe(2);
    const labels = { queue, dependency: 'bank', verdict: 'overdrawn' };
    expect(await metricValue(metrics, 'bulwark_retry_budget_verdicts_total', labels)).toBe(1);
  });
});

describe('a budget', () => {
  it('is not asked for what no dependency made fail: that has one of its own', async () => {
    const { job } = payments({
      run: () => {
        throw new Error('a mistake of the handler');
      },
    });
    const metrics = createMetrics({ role: 'worker', version: '1.2.3' });
    await pool().worker([job], { job: budgetOf(5), metrics });

    await pool().producer().enqueue(job, { n: 1 });

    await eventually('both retries are counted', async () => {
      const labels = { queue: job.queue.name, dependency: '-', verdict: 'taken' };
      return (await metricValue(metrics, 'bulwark_retry_budget_verdicts_total', labels)) === 2;
    });
  });

  it('that is switched off lets every retry run', async () => {
    const { job, bankState } = payments();
    await pool().worker([job], { job: { retryBudget: false } });
    const store = pool().deadLetters(job.queue);

    await pool().producer().enqueueMany(job, numbers(60));

    await eventually('all are given up', async () => (await store.count()) === 60);
    expect(bankState.calls).toBe(180);
  });

  it('that cannot be read lets every retry run', async () => {
    const { job, bankState } = payments();
    const { log, said } = recordLog();
    await pool().client.set(`${pool().keyspace.retryBudgetBase(job.queue.name)}bank`, 'not a budget');
    await pool().worker([job], { job: budgetOf(1), log });
    const store = pool().deadLetters(job.queue);

    await pool().producer().enqueueMany(job, numbers(5));

    await eventually('all are given up', async () => (await store.count()) === 5);
    expect(bankState.calls).toBe(15);
    expect(said('retry.budget_unknown').length).toBeGreaterThan(0);
  });
});
