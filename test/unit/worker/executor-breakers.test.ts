import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Cancellation } from '../../../src/job/cancellation.js';
import { defineDependency } from '../../../src/job/define-dependency.js';
import { defineJob, type JobOptions } from '../../../src/job/define-job.js';
import { defineQueue } from '../../../src/job/define-queue.js';
import type { Outcome } from '../../../src/job/outcome.js';
import { PermanentError, TransientError } from '../../../src/retry/errors.js';
import type { StartDecision } from '../../../src/shedding/decide-admission.js';
import type { FetchedJob } from '../../../src/transport/fetched-job.js';
import { testExecutor } from '../../support/test-executor.js';
import { testGates } from '../../support/test-gates.js';
import { fetchedJob, momentIn, now } from './fetched-job.js';

const smtp = defineDependency({ name: 'smtp' });
const order = z.object({ orderId: z.string() });
type Options = JobOptions<typeof order, unknown>;
type World = ReturnType<typeof testGates>;

/** Executes one job that needs smtp, in a world that was made ready for it. */
async function execute(
  ready: (world: World) => void | Promise<void>,
  options: Partial<Options> = {},
  job: Partial<FetchedJob> = {},
  givenBack: Outcome = { kind: 'interrupted', reason: 'shutdown' },
  shed: StartDecision = { kind: 'run' },
) {
  const world = testGates();
  world.gates.of(smtp);
  await ready(world);
  world.sync();
  const definition = defineJob<typeof order, unknown>({
    kind: 'send-receipt',
    queue: defineQueue({ name: 'email' }),
    payload: order,
    dependencies: [smtp],
    retry: { attempts: 3, base: '1s', cap: '10s' },
    run: (_payload, ctx) => ctx.call(smtp, async () => 'sent'),
    ...options,
  });
  const { gates, metrics } = world;
  const retries = { admit: async () => undefined };
  const executor = testExecutor(definition, now, { gates, metrics, retries, shed: () => shed, givenBack });
  return { outcome: await executor.execute(fetchedJob(job), new Cancellation()), world };
}

const well = () => undefined;
const tripped = ({ fleet }: World) => fleet.trip('smtp', { openForMs: 10_000 });
const halfOpen = ({ fleet, clock }: World) => {
  fleet.trip('smtp', { openForMs: 0 });
  clock.time += 1;
};
const closedJustNow = ({ fleet }: World) => {
  fleet.trip('smtp');
  fleet.release('smtp');
};
const failing = () => Promise.reject(new TransientError('no route'));
const failTimes = async ({ gates }: World, times: number, key?: string) => {
  for (let tries = 0; tries < times; tries++) {
    const request = { fn: failing, timeoutMs: 1_000, cancellation: new Cancellation(), pass: undefined };
    await gates
      .of(smtp, key)
      .call({ ...request, verdictOf: () => ({ class: 'transient' }) })
      .catch(() => undefined);
  }
};
/** This worker's own breaker is open. */
const ownOpen = (world: World) => failTimes(world, 8);
/** And its time is over. */
const ownOpenAndOver = async (world: World) => {
  await ownOpen(world);
  world.clock.time += 6_000;
};
/** One more and it is. */
const oneBeforeOwnOpen = (world: World) => failTimes(world, 4);
const fallback = async () => 'later';
const again = { starts: 2, attemptsMade: 0 };

describe('Executor', () => {
  it.each<[string, (world: World) => void | Promise<void>, Partial<Options>, Partial<FetchedJob>, Outcome]>([
    ['runs the handler while all is well', well, {}, {}, { kind: 'completed', resultJson: '"sent"' }],
    [
      'sets the job aside for the fleet while the breaker is open',
      tripped,
      {},
      {},
      { kind: 'parked', reason: 'breaker:smtp', delayMs: 45_000 },
    ],
    [
      'sets it aside for no longer than it is worth doing',
      tripped,
      {},
      { meta: { deadline: momentIn(5_000) } },
      { kind: 'parked', reason: 'breaker:smtp', delayMs: 5_000 },
    ],
    [
      'runs the fallback instead, where there is one',
      tripped,
      { fallback },
      {},
      { kind: 'completed', resultJson: '"later"', fallbackFor: 'smtp' },
    ],
    [
      'sets it aside for another worker where only this one keeps away',
      ownOpen,
      { fallback },
      {},
      { kind: 'parked', reason: 'breaker:smtp', delayMs: 2_000 },
    ],
    [
      'runs the fallback of one that comes back to it then',
      ownOpen,
      { fallback },
      again,
      { kind: 'completed', resultJson: '"later"', fallbackFor: 'smtp' },
    ],
    [
      'runs the handler where the first call is a probe',
      halfOpen,
      { fallback },
      {},
      { kind: 'completed', resultJson: '"sent"' },
    ],
    [
      'runs it where the breaker has closed just now',
      closedJustNow,
      {},
      {},
      { kind: 'completed', resultJson: '"sent"' },
    ],
    [
      'sets it aside when its share of calls is used up, and runs no fallback for that',
      async (world) => {
        closedJustNow(world);
        world.sync();
        await world.gates.of(smtp).enter();
      },
      { fallback },
      again,
      { kind: 'parked', reason: 'breaker:smtp', delayMs: 2_000 },
    ],
  ])('%s', async (_what, ready, options, job, expected) => {
    const { outcome } = await execute(ready, options, job);

    expect(outcome).toEqual(expected);
  });

  it('hands the probe to the first call of the job, and asks anew for the second', async () => {
    const { outcome, world } = await execute(halfOpen, {
      run: async (_payload, ctx) => {
        await ctx.call(smtp, async () => 'first');
        return ctx.call(smtp, async () => 'second');
      },
    });

    expect(outcome).toEqual({ kind: 'completed', resultJson: '"second"' });
    expect(world.fleet.settled).toEqual(['smtp succeeded', 'smtp succeeded']);
  });

  it('has a job that has begun wait for its turns while the breaker ramps', async () => {
    let fleet: World['fleet'] | undefined;
    const give = (given: number) => {
      if (fleet !== undefined) fleet.share = { given, inMs: 0 };
    };
    const { outcome, world } = await execute(
      (made) => {
        closedJustNow(made);
        fleet = made.fleet;
        give(1);
      },
      {
        run: async (_payload, ctx) => {
          for (let calls = 0; calls < 3; calls++) {
            await ctx.call(smtp, async () => {
              give(0);
              setTimeout(() => give(1), 60);
            });
          }
          return 'sent';
        },
      },
    );

    expect(outcome).toEqual({ kind: 'completed', resultJson: '"sent"' });
    expect(world.fleet.rationed.length).toBeGreaterThanOrEqual(5);
  });

  it('gives the probe back when the handler makes no call', async () => {
    const { world } = await execute(halfOpen, { run: async () => 'no call' });

    expect(world.fleet.settled).toEqual(['smtp ignored']);
  });

  it.each<[string, (world: World) => void, StartDecision, object]>([
    [
      'sets a job aside that gives way before any breaker is asked',
      halfOpen,
      { kind: 'park', reason: 'overload', delayMs: 40_000 },
      { kind: 'parked', reason: 'shed', delayMs: 40_000, cause: 'overload' },
    ],
    [
      'runs the fallback of a job that gives way although its dependency is well, and says what for',
      well,
      { kind: 'degrade', reason: 'overload' },
      { kind: 'completed', resultJson: '"later"', fallbackFor: 'shed' },
    ],
    [
      'runs it for that reason, too, where its dependency is down',
      tripped,
      { kind: 'degrade', reason: 'overload' },
      { kind: 'completed', resultJson: '"later"', fallbackFor: 'shed' },
    ],
  ])('%s', async (_what, ready, shed, expected) => {
    const run = vi.fn();

    const { outcome, world } = await execute(ready, { run, fallback }, {}, undefined, shed);

    expect(outcome).toEqual(expected);
    expect(run).not.toHaveBeenCalled();
    expect(world.fleet.settled).toEqual([]);
  });

  it('sets a job aside whose handler met an open breaker, also where it wrapped the error', async () => {
    const { outcome } = await execute(({ fleet }) => fleet.trip('smtp/eu'), {
      run: async (_payload, ctx) => {
        const wrap = (cause: unknown) => Promise.reject(new Error('not sent', { cause }));
        return ctx.call(smtp, async () => 'sent', { key: 'eu' }).catch(wrap);
      },
    });

    expect(outcome).toEqual({ kind: 'parked', reason: 'breaker:smtp/eu', delayMs: 45_000 });
  });

  it('runs the fallback where the handler itself met the open breaker of a key', async () => {
    const { outcome } = await execute(({ fleet }) => fleet.trip('smtp/eu'), {
      run: (_payload, ctx) => ctx.call(smtp, async () => 'sent', { key: 'eu' }),
      fallback,
    });

    expect(outcome).toEqual({ kind: 'completed', resultJson: '"later"', fallbackFor: 'smtp/eu' });
  });

  it.each<[string, (world: World) => void | Promise<void>, Partial<FetchedJob>, Partial<Outcome>]>([
    [
      'sets a job aside whose probe failed, and uses up no attempt',
      halfOpen,
      {},
      { kind: 'parked', reason: 'breaker:smtp', delayMs: 45_000 },
    ],
    [
      'sets one aside with whose failed call the breaker opened here, for another worker',
      oneBeforeOwnOpen,
      {},
      { kind: 'parked', reason: 'breaker:smtp', delayMs: 2_000 },
    ],
    [
      'sets one aside whose probe of this worker’s own breaker failed, also when it has waited for minutes',
      ownOpenAndOver,
      { starts: 500, attemptsMade: 7 },
      { kind: 'parked', reason: 'breaker:smtp' },
    ],
    [
      'sets one aside whose probe of the fleet failed, also when it was started for all others',
      halfOpen,
      { starts: 500, attemptsMade: 7 },
      { kind: 'parked', reason: 'breaker:smtp' },
    ],
    ['counts a failed call as an attempt while the breaker is closed', well, {}, { kind: 'retried' }],
    [
      'counts it when the job has been started often without an attempt: it may be why its probes fail',
      halfOpen,
      { starts: 5_002, attemptsMade: 1 },
      { kind: 'retried' },
    ],
  ])('%s', async (_what, ready, job, expected) => {
    const { outcome } = await execute(ready, { run: (_payload, ctx) => ctx.call(smtp, failing) }, job);

    expect(outcome).toMatchObject(expected);
  });

  it('believes a handler that says that its failed probe was no use to try again', async () => {
    const { outcome } = await execute(halfOpen, {
      run: (_payload, ctx) =>
        ctx.call(smtp, failing).catch((cause) => Promise.reject(new PermanentError('no such address', { cause }))),
    });

    expect(outcome).toMatchObject({ kind: 'dead_lettered', reason: 'permanent_error' });
  });

  it('runs the fallback of a job whose probe failed', async () => {
    const { outcome } = await execute(halfOpen, { run: (_payload, ctx) => ctx.call(smtp, failing), fallback });

    expect(outcome).toEqual({ kind: 'completed', resultJson: '"later"', fallbackFor: 'smtp' });
  });

  it.each<[string, Partial<FetchedJob>, Outcome]>([
    ['not at first', {}, { kind: 'parked', reason: 'breaker:smtp/eu', delayMs: 2_000 }],
    ['when it comes back', again, { kind: 'completed', resultJson: '"later"', fallbackFor: 'smtp/eu' }],
  ])('runs the fallback where this worker alone keeps away from a key, %s', async (_when, job, expected) => {
    const { outcome } = await execute(
      (world) => failTimes(world, 8, 'eu'),
      { run: (_payload, ctx) => ctx.call(smtp, async () => 'sent', { key: 'eu' }), fallback },
      job,
    );

    expect(outcome).toEqual(expected);
  });

  it('runs no fallback because a call was one too many', async () => {
    const narrow = defineDependency({ name: 'narrow', capacity: 1 });
    const { outcome } = await execute(
      well,
      {
        run: async (_payload, ctx) => {
          const first = ctx.call(narrow, () => new Promise((resolve) => setImmediate(resolve)));
          await ctx.call(narrow, async () => 'second').finally(() => first);
        },
        fallback,
      },
      again,
    );

    expect(outcome).toEqual({ kind: 'parked', reason: 'breaker:narrow', delayMs: 2_000 });
  });

  it.each<[string, Error, Partial<FetchedJob>, Partial<Outcome>]>([
    [
      'sets a job aside whose fallback failed, and uses up no attempt',
      new Error('no digest either'),
      {},
      { kind: 'parked', reason: 'breaker:smtp', delayMs: 45_000 },
    ],
    [
      'believes a fallback that says that it is no use',
      new PermanentError('no such address'),
      {},
      { kind: 'dead_lettered', reason: 'permanent_error' },
    ],
    [
      'counts a failure of the fallback of a job that has been started often without an attempt',
      new Error('no digest either'),
      { starts: 5_002, attemptsMade: 1 },
      { kind: 'retried' },
    ],
  ])('%s', async (_what, error, job, expected) => {
    const { outcome } = await execute(tripped, { fallback: () => Promise.reject(error) }, job);

    expect(outcome).toMatchObject(expected);
  });

  it('sets a suspect aside as one, so that it does not come back among others', async () => {
    const aside: Outcome = { kind: 'parked', reason: 'quarantine', delayMs: 60_000 };

    expect((await execute(tripped, {}, {}, aside)).outcome).toEqual(aside);
  });
});
