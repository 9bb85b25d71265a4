import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FlowRates,
  type FlowSample,
  nextFlow,
  type QueueFlow,
  serviceMsOf,
} from '../../../src/flow/queue-flow.js';
import { flowSample } from '../../support/flow-sample.js';

/** The flow after samples that were taken once a second. */
function flowOf(...samples: readonly Partial<FlowSample>[]): QueueFlow {
  const flow = samples.reduce<QueueFlow | undefined>(
    (before, given, second) => nextFlow(before, flowSample(given), second * 1000),
    undefined,
  );
  if (flow === undefined) throw new RangeError('give at least one sample');
  return flow;
}

/** So many seconds of a queue into which `arrivals` come each second and from which `completions` leave. */
function seconds(
  count: number,
  { arrivals, completions, active }: Record<'arrivals' | 'completions' | 'active', number>,
) {
  return Array.from({ length: count + 1 }, (_, second) => ({
    added: 1_000 + arrivals * second,
    waiting: 500 + (arrivals - completions) * second,
    active,
  }));
}

describe('nextFlow', () => {
  it('knows nothing after one sample', () => {
    const flow = flowOf({ added: 100, waiting: 40, active: 3 });

    expect(flow).toMatchObject({ knownMs: 0, latest: { arrivals: 0, completions: 0 } });
    expect(serviceMsOf(flow)).toBeUndefined();
  });

  it.each<[string, Partial<FlowSample>, Partial<FlowSample>, Partial<FlowRates>]>([
    ['jobs came and wait', {}, { added: 10, waiting: 10 }, { arrivals: 10, ready: 10, completions: 0 }],
    ['jobs came and went', {}, { added: 10 }, { arrivals: 10, ready: 10, completions: 10 }],
    ['jobs went', { waiting: 10 }, { waiting: 4 }, { arrivals: 0, ready: 0, completions: 6 }],
    ['jobs were started', { waiting: 5 }, { active: 5 }, { arrivals: 0, ready: 0, completions: 0 }],
    ['jobs came for later', {}, { added: 9, delayed: 9 }, { arrivals: 9, ready: 0, completions: 0 }],
    ['delayed jobs were due', { delayed: 9 }, { waiting: 9 }, { arrivals: 0, ready: 9, completions: 0 }],
    ['jobs were set aside', { active: 4 }, { delayed: 4 }, { arrivals: 0, ready: 0, completions: 0 }],
    ['a parent waits', { active: 1 }, { 'waiting-children': 1 }, { arrivals: 0, ready: 0, completions: 0 }],
    ['dead letters were redriven', {}, { prioritized: 7 }, { arrivals: 7, ready: 7, completions: 0 }],
    ['many are due soon', {}, { delayed: 120, added: 120, dueSoon: 120 }, { due: 2, arrivals: 120, ready: 0 }],
  ])('tells that %s', (_, before, after, rates) => {
    expect(flowOf(before, after).latest).toMatchObject(rates);
  });

  it('takes jobs back from the averages that turn out to wait for a slot of their tenant', () => {
    const flood = { added: 5_000, prioritized: 4_998, active: 2 };
    const heldBack = { added: 5_000, active: 2, delayed: 4_998, awaitingSlots: 4_998 };

    expect(flowOf({}, flood).minute.ready).toBe(5_000);
    expect(flowOf({}, flood, heldBack).minute.ready).toBeCloseTo(1);
    expect(flowOf({}, flood, heldBack).latest.ready).toBe(0);
  });

  it('reckons per second whatever time lies between two samples', () => {
    const first = nextFlow(undefined, flowSample(), 0);

    expect(nextFlow(first, flowSample({ added: 50, waiting: 50 }), 5_000).latest.arrivals).toBe(10);
    expect(nextFlow(first, flowSample({ added: 5, waiting: 5 }), 500).latest.arrivals).toBe(10);
  });

  it('waits for more when two samples are as good as one', () => {
    const first = nextFlow(undefined, flowSample(), 0);

    const again = nextFlow(first, flowSample({ added: 50, waiting: 50 }), 20);

    expect(again).toBe(first);
    expect(nextFlow(again, flowSample({ added: 50, waiting: 50 }), 1_000).latest.arrivals).toBe(50);
  });

  it.each<[string, QueueFlow, FlowSample, number]>([
    [
      'the counter fell',
      flowOf(...seconds(9, { arrivals: 5, completions: 5, active: 2 })),
      flowSample({ added: 3 }),
      10_000,
    ],
    ['nobody looked for minutes', flowOf({}, { added: 9 }), flowSample({ added: 5_000_000 }), 200_000],
  ])('begins anew when %s', (_, before, after, at) => {
    expect(nextFlow(before, after, at)).toEqual(nextFlow(undefined, after, at));
  });

  it('follows a step within seconds in `recent`, and slowly in `minute`', () => {
    const calm = seconds(120, { arrivals: 10, completions: 10, active: 5 });
    const rush = Array.from({ length: 10 }, (__, second) => ({
      added: 2_200 + 100 * (second + 1),
      waiting: 500 + 90 * (second + 1),
      active: 5,
    }));

    const flow = flowOf(...calm, ...rush);

    expect(flow.recent.arrivals).toBeGreaterThan(85);
    expect(flow.minute.arrivals).toBeGreaterThan(20);
    expect(flow.minute.arrivals).toBeLessThan(30);
  });

  it('takes the plain average while it has watched for a short time only', () => {
    const flow = flowOf({}, { added: 100 }, { added: 100 }, { added: 100 }, { added: 100 });

    expect(flow.minute.arrivals).toBeCloseTo(25);
  });

  it('never tells of a rate below zero or of none at all, whatever the samples say', () => {
    const count = fc.nat(10_000);
    const any = fc.record({
      added: count,
      waiting: count,
      prioritized: count,
      active: count,
      delayed: count,
      'waiting-children': count,
      dueSoon: count,
      awaitingSlots: count,
      paused: fc.boolean(),
      oldestReadyAt: fc.option(count, { nil: undefined }),
    });

    fc.assert(
      fc.property(fc.array(fc.tuple(any, fc.integer({ min: -5_000, max: 90_000 })), { minLength: 1 }), (steps) => {
        let at = 0;
        let flow: QueueFlow | undefined;
        for (const [given, gapMs] of steps) {
          at += gapMs;
          flow = nextFlow(flow, given, at);
          const numbers = [flow.latest, flow.recent, flow.minute].flatMap((rates) => Object.values(rates));
          expect([...numbers, serviceMsOf(flow) ?? 0].every((number) => Number.isFinite(number) && number >= 0)).toBe(
            true,
          );
        }
      }),
    );
  });
});

describe('serviceMsOf', () => {
  it('is the time that slots were busy over the jobs that left them', () => {
    expect(serviceMsOf(flowOf(...seconds(30, { arrivals: 20, completions: 20, active: 10 })))).toBeCloseTo(500);
  });

  it('follows jobs that take longer than before', () => {
    const quick = seconds(100, { arrivals: 20, completions: 20, active: 10 });
    const slow = Array.from({ length: 200 }, (_, second) => ({
      added: 3_000 + 5 * (second + 1),
      waiting: 500,
      active: 10,
    }));

    expect(serviceMsOf(flowOf(...quick, ...slow))).toBeGreaterThan(1_500);
  });

  it('does not jump when jobs take minutes and one ends', () => {
    const running = { added: 1_000, waiting: 100, active: 10 };
    const samples: Partial<FlowSample>[] = [running];
    // Ten slots, ten minutes a job: one ends every minute.
    for (let second = 1; second <= 1_800; second += 1)
      samples.push({ ...running, waiting: 100 - Math.floor(second / 60) });

    const before = serviceMsOf(flowOf(...samples.slice(0, 1_799))) ?? 0;
    const after = serviceMsOf(flowOf(...samples)) ?? 0;

    expect(after).toBeCloseTo(600_000, -4);
    expect(Math.abs(after - before) / before).toBeLessThan(0.1);
  });

  it('is at least for how long the first ones have run', () => {
    expect(serviceMsOf(flowOf({ active: 4 }, { active: 4 }, { active: 4 }))).toBe(2_000);
  });
});
