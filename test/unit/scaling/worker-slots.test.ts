import { describe, expect, it } from 'vitest';
import type { WorkerBeat } from '../../../src/recovery/worker-beat.js';
import { WorkerSlots } from '../../../src/scaling/worker-slots.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { workerBeat } from '../../support/worker-beat.js';

const serving = (id: string, queues: Readonly<Record<string, number>>, overrides: Partial<WorkerBeat> = {}) =>
  workerBeat(id, { queues: Object.entries(queues).map(([name, slots]) => ({ name, slots, busy: 0 })), ...overrides });

/** Slots of a fleet that the test may change; `asked` are the workers whose beats were read whole. */
function watch(...beats: readonly WorkerBeat[]) {
  const fleet = { beats: [...beats], silentMs: {} as Record<string, number> };
  const asked: string[] = [];
  const slots = new WorkerSlots({
    view: {
      read: async () => ({
        at: 100_000,
        workers: fleet.beats.map(({ id, state }) => ({
          id,
          state,
          connection: undefined,
          lane: undefined,
          aliveAt: 100_000 - (fleet.silentMs[id] ?? 0),
        })),
      }),
    },
    beatsOf: async (ids) => {
      asked.push(...ids);
      return fleet.beats.filter(({ id }) => ids.includes(id));
    },
    deadAfterMs: 5_000,
  });
  return { slots, fleet, asked };
}

describe('WorkerSlots', () => {
  it('counts the workers of some queues once each, and the slots of a queue on average', async () => {
    const { slots } = watch(serving('a', { email: 4, sms: 1 }), serving('b', { email: 8 }), serving('c', { video: 2 }));

    const fleet = await slots.read();

    expect(fleet.workersOf(['email', 'sms'])).toBe(2);
    expect(fleet.workersOf(['video'])).toBe(1);
    expect(fleet.slotsOf('email')).toBe(6);
    expect(fleet.slotsOf('nobody serves it')).toBeUndefined();
  });

  it('counts those that take jobs, or are about to', async () => {
    const states = ['running', 'blocked', 'quiet', 'draining'] as const;
    const { slots, fleet } = watch(
      ...states.map((state) => serving(state, { email: 1 }, { state })),
      serving('dead', { email: 1 }),
    );
    fleet.silentMs['dead'] = 5_000;

    expect((await slots.read()).workersOf(['email'])).toBe(2);
  });

  it('tells workers that were started by some moment from those that came later', async () => {
    const { slots } = watch(...[1, 2, 3].map((at) => serving(`w${at}`, { email: 1 }, { startedAt: at as EpochMs })));

    const fleet = await slots.read();

    expect([fleet.workersOf(['email'], 0), fleet.workersOf(['email'], 2), fleet.workersOf(['email'])]).toEqual([
      0, 2, 3,
    ]);
  });

  it('counts no process that is there for one suspect', async () => {
    const { slots } = watch(serving('alone', { email: 1 }, { suspect: { queue: 'email', jobId: '1' } }));

    expect((await slots.read()).workersOf(['email'])).toBe(0);
  });

  it('knows what the kinds of some queues need, whichever worker has them', async () => {
    const needing = (id: string, name: string, ...needs: string[]) =>
      workerBeat(id, { queues: [{ name, slots: 1, busy: 0, needs }] });
    const { slots } = watch(
      needing('a', 'email', 'smtp'),
      needing('b', 'email', 'smtp', 'crm'),
      needing('c', 'video', 's3'),
    );

    const fleet = await slots.read();

    expect([...fleet.needsOf(['email'])]).toEqual(['smtp', 'crm']);
    expect([...fleet.needsOf(['audio'])]).toEqual([]);
  });

  it('reads the beats of newcomers alone', async () => {
    const { slots, fleet, asked } = watch(serving('a', { email: 1 }));
    await slots.read();
    fleet.beats.push(serving('b', { email: 1 }));

    const { workersOf } = await slots.read();
    await slots.read();

    expect(workersOf(['email'])).toBe(2);
    expect(asked).toEqual(['a', 'b']);
  });
});
