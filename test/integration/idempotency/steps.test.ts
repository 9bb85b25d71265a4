import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob, type JobContext, type JobOptions } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { startDoor } from '../worker-pool/door.js';
import { signal } from '../worker-pool/signal.js';
import { recordLog, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const anything = z.looseObject({});
type Run<R> = JobOptions<typeof anything, R>['run'];

function jobOf<R>(run: Run<R>, options: Partial<JobOptions<typeof anything, R>> = {}) {
  const retry = { attempts: 3, base: 1, cap: 1 };
  return defineJob({ kind: 'do', queue: pool().queue(), payload: anything, retry, ...options, run });
}

/** Does the work of steps, and counts how often for each. */
function counter() {
  const counts: Record<string, number> = {};
  const work = (name: string): number => {
    counts[name] = (counts[name] ?? 0) + 1;
    return counts[name];
  };
  return { counts, work, step: (ctx: JobContext, name: string) => ctx.step(name, () => work(name)) };
}

const hashOf = (job: { readonly queue: { readonly name: string } }, id: string) =>
  pool().keyspace.queue(job.queue.name, id);

describe('the steps of a job', () => {
  it('are done once, however often the job runs, and answer the same every time', async () => {
    const { counts, work } = counter();
    const answers: unknown[] = [];
    const job = jobOf(async (_payload, ctx) => {
      answers.push(await ctx.step('reserve', ({ effectKey }) => ({ n: work('reserve'), at: new Date(0), effectKey })));
      answers.push(await ctx.step('nothing', () => void work('nothing')));
      if (ctx.attempt < 3) throw new Error('again');
      return ctx.step('charge', () => work('charge'));
    });
    await pool().worker([job]);
    const producer = pool().producer();
    const enqueued = await producer.enqueue(job, {});

    expect(await producer.wait(enqueued)).toBe(1);
    expect(counts).toEqual({ reserve: 1, nothing: 1, charge: 1 });
    const reserved = { n: 1, at: '1970-01-01T00:00:00.000Z', effectKey: expect.stringMatching(/^[\w-]{32}$/) };
    expect(answers).toEqual([reserved, undefined, reserved, undefined, reserved, undefined]);
  });

  it('are given a fence that grows with every start', async () => {
    const fences: number[] = [];
    const job = jobOf(async (_payload, ctx) => {
      fences.push(ctx.fence);
      if (ctx.attempt < 3) throw new Error('again');
    });
    await pool().worker([job]);
    const producer = pool().producer();

    await producer.wait(await producer.enqueue(job, {}));

    expect(fences).toEqual([1, 2, 3]);
  });

  it('are remembered over a shutdown, by a worker that did not do them', async () => {
    const { counts, step } = counter();
    const reserved = signal();
    const job = jobOf(async (_payload, ctx) => {
      await step(ctx, 'reserve');
      reserved.send();
      if (ctx.fence === 1) await new Promise((_, reject) => ctx.signal.addEventListener('abort', reject));
      return step(ctx, 'charge');
    });
    const first = await pool().worker([job]);
    const producer = pool().producer();
    const enqueued = await producer.enqueue(job, {});
    await reserved.promise;
    await first.stop({ drainTimeoutMs: 0 });

    await pool().worker([job]);

    expect(await producer.wait(enqueued)).toBe(1);
    expect(counts).toEqual({ reserve: 1, charge: 1 });
  });

  it('lie with a dead letter, and are known when it is redriven', async () => {
    const { counts, step } = counter();
    const job = jobOf(
      async ({ id: _id }, ctx) => {
        await step(ctx, 'charge');
        if (ctx.fence === 1) throw new Error('the mail server is down');
        return step(ctx, 'mail');
      },
      { retry: { attempts: 1 } },
    );
    await pool().worker([job]);
    const producer = pool().producer();
    const { id } = await producer.enqueue(job, {});
    const letters = pool().deadLetters(job.queue);
    await eventually('it is dead-lettered', () => letters.get(id));

    expect(await letters.redrive({ deadId: id, id }, { by: 'ada@host' })).toMatchObject({ kind: 'redriven' });

    await eventually(
      'it is completed',
      async () => (await pool().inspector.job(job.queue.name, id))?.state === 'completed',
    );
    expect(counts).toEqual({ charge: 1, mail: 1 });
  });

  it('may run side by side', async () => {
    const { counts, work } = counter();
    const job = jobOf(async (_payload, ctx) => {
      const names = Array.from({ length: 20 }, (_, n) => `item-${n}`);
      await Promise.all(
        names.map((name, n) =>
          ctx.step(name, () => {
            if (ctx.attempt < 3 && n % 4 === ctx.attempt) throw new Error('not this time');
            return work(name);
          }),
        ),
      );
    });
    await pool().worker([job]);
    const producer = pool().producer();

    await producer.wait(await producer.enqueue(job, {}));

    expect([...new Set(Object.values(counts))]).toEqual([1]);
    expect(Object.keys(counts)).toHaveLength(20);
  });

  it('are remembered also when one beside them failed first', async () => {
    const { counts, work } = counter();
    const failed = signal();
    const job = jobOf(async (_payload, ctx) => {
      await Promise.all([
        ctx.step('slow', async () => {
          await failed.promise;
          await new Promise((resolve) => setTimeout(resolve, 50));
          return work('slow');
        }),
        ctx.step('quick', () => {
          failed.send();
          if (ctx.attempt === 1) throw new Error('not this time');
        }),
      ]);
    });
    await pool().worker([job]);
    const producer = pool().producer();

    await producer.wait(await producer.enqueue(job, {}));

    expect(counts).toEqual({ slow: 1 });
  });
});

describe('a step that cannot be remembered', () => {
  it('dead-letters its job, and the letter says what was done', async () => {
    const { counts, work } = counter();
    const job = jobOf((_payload, ctx) => ctx.step('charge', () => 'x'.repeat(2_000 * work('charge'))));
    await pool().worker([job], { job: { maxStepBytes: 1_024 } });
    const { id } = await pool().producer().enqueue(job, {});

    const letter = await eventually('it is dead-lettered', () => pool().deadLetters(job.queue).get(id));

    expect(letter).toMatchObject({
      reason: 'permanent_error',
      error: { code: 'BULWARK_STEP_RESULT_INVALID', message: expect.stringContaining("'charge' has done its work") },
    });
    expect(counts).toEqual({ charge: 1 });
  });

  it('does not run when the memory of its job cannot be read', async () => {
    const { counts, step } = counter();
    const job = jobOf(async (_payload, ctx) => {
      if (ctx.fence === 1) {
        await pool().client.hset(hashOf(job, ctx.jobId), 'bws', 'garbage');
        throw new Error('again');
      }
      await step(ctx, 'charge');
    });
    await pool().worker([job]);
    const { id } = await pool().producer().enqueue(job, {});

    const letter = await eventually('it is dead-lettered', () => pool().deadLetters(job.queue).get(id));

    expect(letter).toMatchObject({ reason: 'permanent_error', error: { code: 'BULWARK_STEPS_UNREADABLE' } });
    expect(counts).toEqual({});
  });
});

describe('a run that lost its lease', () => {
  it('remembers no step, and is called off', async () => {
    const ended = signal<unknown>();
    const job = jobOf(async (_payload, ctx) => {
      await pool().client.set(`${hashOf(job, ctx.jobId)}:lock`, 'other');
      const error = await ctx.step('charge', () => 1).catch((thrown) => thrown);
      ended.send({ error: error.code, reason: ctx.signal.reason?.code });
    });
    await pool().worker([job]);
    const { id } = await pool().producer().enqueue(job, {});

    expect(await ended.promise).toEqual({ error: 'BULWARK_LEASE_LOST', reason: 'BULWARK_LEASE_LOST' });
    expect(await pool().client.hexists(hashOf(job, id), 'bws')).toBe(0);
  });

  it('remembers its step when it gets the lease back', async () => {
    const { counts, work } = counter();
    const job = jobOf(async (_payload, ctx) => {
      await ctx.step('charge', async () => {
        await pool().client.del(`${hashOf(job, ctx.jobId)}:lock`);
        return work('charge');
      });
      return ctx.signal.aborted;
    });
    await pool().worker([job], { worker: { leaseMs: 300, leaseRenewMs: 60 } });
    const producer = pool().producer();

    expect(await producer.wait(await producer.enqueue(job, {}))).toBe(false);
    expect(counts).toEqual({ charge: 1 });
  });
});

describe('when Redis is in the way', () => {
  it('a step whose saving was answered into a connection that broke is not done again', async () => {
    const door = await startDoor(pool().server.port);
    const { counts, work } = counter();
    const job = jobOf(async (_payload, ctx) => {
      await ctx.step('charge', () => {
        door.passages[0]?.silence();
        return work('charge');
      });
      if (ctx.attempt === 1) throw new Error('again');
      return 'done';
    });
    await pool().worker([job], { redis: door.url });
    const producer = pool().producer();
    const enqueued = await producer.enqueue(job, {});
    await eventually('the step is remembered', () => pool().client.hexists(hashOf(job, enqueued.id), 'bws:charge'));

    door.passages[0]?.cut();

    expect(await producer.wait(enqueued)).toBe('done');
    expect(counts).toEqual({ charge: 1 });
    expect(JSON.parse((await pool().client.hget(hashOf(job, enqueued.id), 'bws')) ?? '')).toHaveLength(1);
  });

  it('a step waits to be remembered until its memory is no longer full', async () => {
    const { counts, work } = counter();
    const worked = signal();
    const job = jobOf(async (_payload, ctx) => {
      await ctx.step('charge', async () => {
        await pool().client.config('SET', 'maxmemory', '1');
        worked.send();
        return work('charge');
      });
      return 'done';
    });
    await pool().worker([job]);
    const producer = pool().producer();
    const enqueued = await producer.enqueue(job, {});
    await worked.promise;
    await eventually('it was refused', async () => /OOM:count=[2-9]/.test(await pool().client.info('errorstats')));

    await pool().client.config('SET', 'maxmemory', '0');

    expect(await producer.wait(enqueued)).toBe('done');
    expect(counts).toEqual({ charge: 1 });
  });
});

describe('the code of a job', () => {
  /** Two deployments of one kind: the first fails behind its steps. */
  async function deployTwice(second: Run<unknown>) {
    const { counts, step } = counter();
    const { log, said } = recordLog();
    const job = jobOf(async (payload, ctx) => {
      if (ctx.attempt > 1) return second(payload, ctx);
      await step(ctx, 'reserve');
      await step(ctx, 'charge');
      throw new Error('again');
    });
    await pool().worker([job], { log });
    const producer = pool().producer();
    const enqueued = await producer.enqueue(job, {});
    return { counts, step, said, job, producer, enqueued };
  }

  it('is told of a renamed step, which does not run', { timeout: 30_000 }, async () => {
    const renamed: string[] = [];
    const { job, enqueued } = await deployTwice(async (_payload, ctx) => {
      await ctx.step('reserve', () => renamed.push('reserve'));
      if (ctx.attempt === 2) await ctx.step('charge-card', () => renamed.push('charge-card'));
      return ctx.step('charge', () => renamed.push('charge'));
    });

    const view = await eventually(
      'it is completed by code that has the old name',
      async () => {
        const found = await pool().inspector.job(job.queue.name, enqueued.id);
        return found?.state === 'completed' ? found : undefined;
      },
      { timeoutMs: 25_000 },
    );

    expect(renamed).toEqual([]);
    expect(view.attempts.at(-1)?.error).toMatchObject({
      class: 'transient',
      code: 'BULWARK_STEPS_CHANGED',
      message: expect.stringContaining("'charge' was done or begun before and is not asked for any more"),
    });
  });

  it('may have fewer steps, which is said', async () => {
    const { said, producer, enqueued } = await deployTwice((_payload, ctx) => ctx.step('reserve', () => 'again'));

    expect(await producer.wait(enqueued)).toBe(1);
    expect(said('job.steps_unused')).toMatchObject([{ jobId: enqueued.id, steps: ['charge'] }]);
  });

  it('is told of a step that it does not await', async () => {
    const { log, said } = recordLog();
    const goOn = signal();
    const { counts, work } = counter();
    const job = jobOf((_payload, ctx) => {
      void ctx.step('mail', async () => {
        await goOn.promise;
        return work('mail');
      });
      setImmediate(goOn.send);
    });
    await pool().worker([job], { log });
    const producer = pool().producer();
    const enqueued = await producer.enqueue(job, {});

    await producer.wait(enqueued);

    expect(counts).toEqual({ mail: 1 });
    expect(said('job.steps_unawaited')).toMatchObject([{ jobId: enqueued.id, steps: ['mail'] }]);
  });

  it('cannot begin a step after its run', async () => {
    const kept = signal<JobContext>();
    const job = jobOf((_payload, ctx) => kept.send(ctx));
    await pool().worker([job]);
    const producer = pool().producer();
    await producer.wait(await producer.enqueue(job, {}));

    const late = (await kept.promise).step('late', () => 1);

    await expect(late).rejects.toMatchObject({ code: 'BULWARK_RUN_ENDED' });
  });
});
