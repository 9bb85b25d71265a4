import { describe, expect, it } from 'vitest';
import { QueueFlows } from '../../../src/flow/queue-flows.js';
import type { QueuePolicy } from '../../../src/job/queue-policy.js';
import { Autoscaler } from '../../../src/scaling/autoscaler.js';
import type { OpenBreaker } from '../../../src/scaling/decide-hold.js';
import type { ScaleRecord } from '../../../src/scaling/scale-record.js';
import type { RuleInForce } from '../../../src/scaling/scale-rule.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { flowSample } from '../../support/flow-sample.js';
import { recordingLog } from '../service/recording-log.js';

const email: QueuePolicy = { criticality: 'critical', sloMs: 10_000, group: 'mail' };

/** An autoscaler over memory. A queue is given so many waiting jobs and one busy slot of ten, each job a second long. */
function startAutoscaler(policies: Readonly<Record<string, QueuePolicy>>) {
  const flows = new QueueFlows();
  const { log, lines } = recordingLog();
  const metrics = createMetrics({ role: 'supervisor', version: '0' });
  const world = {
    now: 1_000_000,
    second: 0,
    added: 0,
    /** When each worker was started. */
    workers: [0, 0] as number[],
    records: new Map<string, ScaleRecord>(),
    rules: new Map<string, RuleInForce>(),
    needs: new Set<string>(),
    openBreakers: [] as OpenBreaker[],
    term: 7 as number | undefined,
    reply: 'published' as 'published' | 'deposed',
    deposed: [] as number[],
  };
  const make = () =>
    new Autoscaler({
      store: {
        publish: async (records) => {
          if (world.reply === 'published') world.records = new Map(records.map((record) => [record.group, record]));
          return world.reply;
        },
        records: async () => world.records,
        rules: async () => world.rules,
      },
      slots: {
        read: async () => ({
          workersOf: (_queues, startedBy = Number.POSITIVE_INFINITY) =>
            world.workers.filter((startedAt) => startedAt <= startedBy).length,
          slotsOf: () => 10,
          needsOf: () => world.needs,
        }),
      },
      queues: async () => new Map(Object.entries(policies)),
      flowOf: (queue) => flows.of(queue),
      openBreakers: () => world.openBreakers,
      redisPressure: () => 0,
      downAfterMs: 60_000,
      leadership: {
        get term() {
          return world.term;
        },
        deposed: (epoch) => world.deposed.push(epoch),
      },
      clock: { now: () => world.now as EpochMs, elapsed: () => world.now },
      log,
      metrics,
    });
  let autoscaler = make();
  return {
    world,
    lines,
    /** Somebody else leads from now on, and begins with nothing. */
    succeed: () => {
      flows.clear();
      autoscaler = make();
    },
    sample: (queue: string, waiting: number) => {
      world.second += 1;
      world.added += 1;
      flows.observe(queue, flowSample({ added: world.added, waiting, active: 1 }), world.second * 1000);
    },
    decide: () => autoscaler.decide(),
    clear: () => autoscaler.clear(),
    exported: async () =>
      (await metrics.render())
        .split('\n')
        .filter(
          (line) => /^bulwark_((desired|needed|current)_workers|scale_reason)\{/.test(line) && !line.endsWith(' 0'),
        ),
  };
}

/** Some seconds of a queue with so many waiting jobs, decided each time. */
async function run(
  pool: ReturnType<typeof startAutoscaler>,
  waiting: number,
  seconds: number,
): Promise<ScaleRecord | undefined> {
  for (let second = 0; second < seconds; second += 1) {
    pool.sample('email', waiting);
    pool.world.now += 1_000;
    await pool.decide();
  }
  return pool.world.records.get('mail');
}

describe('Autoscaler', () => {
  it('publishes and exports what each group wants, and says when that changes', async () => {
    const pool = startAutoscaler({ email });

    const record = await run(pool, 300, 30);

    expect(record).toMatchObject({ group: 'mail', desired: 9, why: 'backlog', current: 2, rule: null });
    expect(record?.queues).toMatchObject([{ queue: 'email', backlog: 300, serviceMs: 1_000 }]);
    expect(await pool.exported()).toEqual([
      'bulwark_desired_workers{group="mail",role="supervisor"} 9',
      'bulwark_needed_workers{group="mail",role="supervisor"} 9',
      'bulwark_current_workers{group="mail",role="supervisor"} 2',
      'bulwark_scale_reason{group="mail",reason="backlog",role="supervisor"} 1',
    ]);
    expect(pool.lines).toContain('info scale.decided');
  });

  it('goes down when fewer were needed for a while', async () => {
    const pool = startAutoscaler({ email });
    await run(pool, 300, 30);

    const soon = await run(pool, 0, 50);
    const later = await run(pool, 0, 40);

    expect(soon).toMatchObject({ desired: 9, why: 'stabilizing', needed: 1 });
    expect(later?.desired).toBe(1);
  });

  it('goes on where the leader before ended, before it knows anything itself', async () => {
    const pool = startAutoscaler({ email });
    const before = await run(pool, 300, 30);

    pool.succeed();
    await pool.decide();
    const first = pool.world.records.get('mail');
    const later = await run(pool, 0, 10);

    expect(first).toEqual(before);
    expect(later?.desired).toBe(9);
  });

  it('says nothing of a group of which a queue was never sampled', async () => {
    const pool = startAutoscaler({ email, sms: email });

    await run(pool, 300, 5);

    expect(pool.world.records.size).toBe(0);
  });

  it.each<[string, Partial<RuleInForce>, number]>([
    ['at least', { min: 12 }, 12],
    ['at most', { max: 1 }, 1],
    ['exactly', { min: 5, max: 5 }, 5],
  ])('gives a group %s what an operator says, whatever a gate says', async (_, rule, desired) => {
    const pool = startAutoscaler({ email });
    pool.world.rules.set('mail', { by: 'ada', why: 'launch', forMs: 1, ...rule });
    pool.world.openBreakers = [{ name: 'smtp', parked: 1 }];

    expect(await run(pool, 300, 5)).toMatchObject({ desired, why: 'operator', needed: 2 });
  });

  it('adds no worker while a breaker is open', async () => {
    const pool = startAutoscaler({ email });
    pool.world.openBreakers = [{ name: 'smtp', parked: 1 }];

    expect(await run(pool, 300, 10)).toMatchObject({ desired: 2, why: 'breaker_open' });
  });

  it('lets none begin of those that were wanted before a breaker opened, and wants them again once it is closed', async () => {
    const pool = startAutoscaler({ email });
    const before = await run(pool, 300, 30);
    pool.world.openBreakers = [{ name: 'smtp', parked: 1 }];
    const opened = await run(pool, 300, 1);
    // One of them dies, one too many was about to begin.
    pool.world.workers = [0];
    await run(pool, 300, 5);
    pool.world.workers = [0, 0, pool.world.now];
    const open = await run(pool, 300, 5);
    pool.world.openBreakers = [];
    const closed = await run(pool, 300, 1);

    expect(before).toMatchObject({ desired: 9 });
    expect([opened, open]).toMatchObject([
      { desired: 2, why: 'breaker_open' },
      { desired: 2, why: 'breaker_open' },
    ]);
    expect(closed?.desired).toBeGreaterThanOrEqual(9);
    expect(closed).not.toHaveProperty('held');
    expect(closed).not.toHaveProperty('heldSince');
  });

  it.each<[string, { readonly knows: boolean; readonly silentS: number }]>([
    ['for a moment', { knows: true, silentS: 3 }],
    ['for longer than a group is left alone before it shrinks', { knows: true, silentS: 100 }],
    ['and nobody knows how many there were', { knows: false, silentS: 3 }],
  ])(
    'holds a group at workers that were there when a breaker opened, though nobody heard of them %s',
    async (_, row) => {
      const pool = startAutoscaler({ email });
      const nine = new Array<number>(9).fill(0);
      pool.world.workers = nine;
      if (row.knows) await run(pool, 300, 30);
      pool.world.workers = [];
      if (row.knows) await run(pool, 300, 3);
      pool.world.openBreakers = [{ name: 'smtp', parked: 1 }];
      await run(pool, 300, row.silentS);
      pool.world.workers = nine;
      const back = await run(pool, 300, 1);
      pool.world.workers = [...nine, pool.world.now + 60_000];
      const later = await run(pool, 300, 100);

      expect([back, later]).toMatchObject([
        { desired: 9, held: 9 },
        { desired: 9, held: 9 },
      ]);
    },
  );

  it('does not keep a worker that was about to go when a breaker opened', async () => {
    const pool = startAutoscaler({ email });
    pool.world.workers = [0, 0, 0, 0, 0];
    const before = await run(pool, 60, 400);
    pool.world.openBreakers = [{ name: 'smtp', parked: 1 }];
    const open = await run(pool, 300, 30);

    expect(before?.desired).toBeLessThan(5);
    expect(open).toMatchObject({ desired: before?.desired, held: before?.desired });
  });

  it('lets a whole pool begin that was started together with its leader while a breaker is open', async () => {
    const pool = startAutoscaler({ email });
    pool.world.openBreakers = [{ name: 'smtp', parked: 1 }];
    pool.world.workers = [];
    await run(pool, 300, 3);
    pool.world.workers = new Array<number>(9).fill(pool.world.now);

    expect(await run(pool, 300, 100)).toMatchObject({ desired: 9, held: 9 });
  });

  it('does nothing without the lead, and steps down when it is told that it lost it', async () => {
    const pool = startAutoscaler({ email });
    pool.world.term = undefined;
    await run(pool, 300, 3);
    const without = pool.world.records.size;
    pool.world.term = 7;
    pool.world.reply = 'deposed';

    await run(pool, 300, 1);

    expect(without).toBe(0);
    expect(pool.world.deposed).toEqual([7]);
    expect(await pool.exported()).toEqual([]);
  });

  it('takes its metric back when somebody else leads', async () => {
    const pool = startAutoscaler({ email });
    await run(pool, 300, 3);

    pool.clear();

    expect(await pool.exported()).toEqual([]);
  });
});
