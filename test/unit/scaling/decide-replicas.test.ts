import { describe, expect, it } from 'vitest';
import { type FlowSample, nextFlow, type QueueFlow } from '../../../src/flow/queue-flow.js';
import {
  decideReplicas,
  type QueueLoad,
  type ScaleGate,
  type ScaleReason,
} from '../../../src/scaling/decide-replicas.js';
import { flowSample } from '../../support/flow-sample.js';

const open: ScaleGate = { breakersOpen: false, redisPressure: 0 };

interface Given extends Partial<FlowSample> {
  /** Jobs a second, of which all end. */
  readonly rate?: number;
  readonly oldestAgeMs?: number;
  readonly slotsPerWorker?: number | undefined;
}

/** A queue in which jobs of one second come and go at a rate, in the state that the rest says. Its SLO is 10 s, and a worker has 10 slots. */
function load({ rate = 0, oldestAgeMs = 0, slotsPerWorker = 10, ...state }: Given): QueueLoad {
  let flow: QueueFlow | undefined;
  for (let second = 0; second <= 60; second += 1) {
    flow = nextFlow(flow, flowSample({ active: rate, ...state, added: rate * second }), second * 1000);
  }
  return { queue: 'q', flow: flow as QueueFlow, sloMs: 10_000, oldestAgeMs, slotsPerWorker };
}

const unknownSlots = (given: Given): QueueLoad => ({ ...load(given), slotsPerWorker: undefined });

describe('decideReplicas', () => {
  it.each<[string, QueueLoad, number, number, ScaleReason]>([
    ['nothing where nothing is to do', load({}), 3, 0, 'idle'],
    ['one where one is enough', load({ rate: 5 }), 1, 1, 'minimum'],
    ['one where a single job waits', load({ waiting: 1 }), 0, 1, 'unmeasured'],
    ['one where a job is due within a minute', load({ delayed: 1, dueSoon: 1 }), 0, 1, 'unmeasured'],
    ['none for what is due in an hour', load({ delayed: 1 }), 0, 0, 'idle'],
    ['as many slots as jobs keep busy, and a third more', load({ rate: 30 }), 1, 4, 'demand'],
    ['what drains the backlog in half of the SLO beside it', load({ rate: 30, waiting: 300 }), 1, 12, 'backlog'],
    ['what waits by priority like what waits in line', load({ rate: 30, prioritized: 300 }), 1, 12, 'backlog'],
    [
      'twice as many at most when jobs are very late',
      load({ rate: 100, waiting: 5, oldestAgeMs: 90_000 }),
      10,
      20,
      'late',
    ],
    ['by how late they are', load({ rate: 100, waiting: 5, oldestAgeMs: 16_000 }), 10, 16, 'late'],
    [
      'no more for late jobs while slots are free',
      load({ rate: 30, waiting: 5, oldestAgeMs: 90_000 }),
      10,
      5,
      'demand',
    ],
    ['nothing for a queue that is paused', load({ waiting: 500, paused: true }), 3, 0, 'idle'],
    ['one for what still runs of a paused queue', load({ rate: 50, waiting: 500, paused: true }), 3, 1, 'minimum'],
    ['those there are while nobody knows the slots', unknownSlots({ rate: 50 }), 4, 4, 'unmeasured'],
    ['one where nobody knows the slots and there is none', unknownSlots({ waiting: 9 }), 0, 1, 'unmeasured'],
  ])('wants %s', (_, queue, current, replicas, why) => {
    expect(decideReplicas([queue], current, open)).toMatchObject({ replicas, why });
  });

  it('looks a minute ahead: what is due then beyond the usual', () => {
    const calm = load({ rate: 30 });
    const due = flowSample({ active: 30, added: 1_830 + 3_600, delayed: 3_600, dueSoon: 3_600 });

    const before = decideReplicas([calm], 4, open);
    const ahead = decideReplicas([{ ...calm, flow: nextFlow(calm.flow, due, 61_000) }], 4, open);

    expect(before.replicas).toBe(4);
    expect(ahead.replicas).toBeGreaterThan(10);
  });

  it('does not count twice what is due all the time', () => {
    const steady = load({ rate: 30, delayed: 1_800, dueSoon: 1_800 });

    expect(decideReplicas([steady], 4, open).replicas).toBe(4);
  });

  it.each<[string, number, number]>([
    ['the last seconds where jobs may wait for ten of them', 10_000, 10],
    ['the last minute where jobs may wait for one', 60_000, 6],
  ])('counts %s', (_, sloMs, replicas) => {
    const calm = load({ rate: 30 });
    let { flow } = calm;
    for (let second = 61; second <= 80; second += 1) {
      flow = nextFlow(flow, flowSample({ active: 70, added: 1_800 + 70 * (second - 60) }), second * 1000);
    }

    expect(decideReplicas([{ ...calm, flow, sloMs }], 4, open).replicas).toBe(replicas);
  });

  it('gives a group what its neediest queue wants, because a worker has slots for each', () => {
    const { replicas, queues } = decideReplicas([load({ rate: 30 }), load({ rate: 60 }), load({})], 1, open);

    expect(replicas).toBe(8);
    expect(queues.map((queue) => queue.replicas)).toEqual([4, 8, 0]);
  });

  it('tells what it reckoned from', () => {
    const { queues } = decideReplicas([load({ rate: 30, waiting: 30, oldestAgeMs: 812.4 })], 1, open);

    expect(queues).toEqual([
      {
        queue: 'q',
        replicas: 5,
        why: 'demand',
        jobsPerSecond: 30,
        serviceMs: 1_000,
        backlog: 30,
        dueSoon: 0,
        oldestAgeMs: 812,
        slotsPerWorker: 10,
      },
    ]);
  });

  it('wants nothing for no queue', () => {
    expect(decideReplicas([], 2, open)).toEqual({ replicas: 0, why: 'idle', queues: [] });
  });

  it.each<[string, ScaleGate, number, number, ScaleReason]>([
    ['adds none while a breaker is open', { breakersOpen: true, redisPressure: 0 }, 2, 2, 'breaker_open'],
    ['adds none while Redis is full', { breakersOpen: false, redisPressure: 2 }, 2, 2, 'redis_pressure'],
    ['minds no slight pressure', { breakersOpen: false, redisPressure: 1 }, 2, 8, 'demand'],
    ['takes away what is not needed all the same', { breakersOpen: true, redisPressure: 3 }, 20, 8, 'demand'],
    [
      'lets one find out whether the dependency is well again',
      { breakersOpen: true, redisPressure: 0 },
      0,
      1,
      'breaker_open',
    ],
  ])('%s', (_, gate, current, replicas, why) => {
    expect(decideReplicas([load({ rate: 60 })], current, gate)).toMatchObject({ replicas, why });
  });
});
