import { describe, expect, it } from 'vitest';
import type { OrderReply } from '../../../src/recovery/fleet-store.js';
import { Quarantine } from '../../../src/recovery/quarantine.js';
import type { WorkerBeat } from '../../../src/recovery/worker-beat.js';
import type { Suspect } from '../../../src/transport/view-scripts.js';
import { workerBeat } from '../../support/worker-beat.js';
import { recordingLog } from '../service/recording-log.js';

/** The suspects of some queues and the workers of a fleet, both as the test says. `given` is who was told to run what. */
function startQuarantine(waiting: Record<string, readonly Suspect[] | Error>, workers: readonly WorkerBeat[]) {
  const clock = { time: 0, now: () => 0 as never, elapsed: () => clock.time };
  const { log, lines } = recordingLog();
  const given: string[] = [];
  const fleet = { workers: [...workers], reply: 'given' as OrderReply, gone: new Set<string>() };
  const quarantine = new Quarantine({
    fleet: {
      order: async (worker, order) => {
        if (order.kind !== 'isolate') throw new Error(`an order to ${order.kind}`);
        given.push(`${order.queue}/${order.jobId} to ${worker}`);
        return fleet.reply;
      },
      beatsOf: async (ids) => fleet.workers.filter(({ id }) => ids.includes(id)),
    },
    view: {
      read: async () => ({
        at: clock.time,
        workers: fleet.workers.map(({ id, state, lane }) => ({
          id,
          aliveAt: clock.time,
          connection: undefined,
          state,
          lane,
        })),
      }),
    },
    isGone: (id) => fleet.gone.has(id),
    leadership: { term: 1, deposed: (epoch) => given.push(`deposed ${epoch}`) },
    inspector: {
      suspects: async (queue) => {
        const suspects = waiting[queue] ?? [];
        if (suspects instanceof Error) throw suspects;
        return [...suspects];
      },
    },
    queues: async () => Object.keys(waiting),
    clock,
    log,
  });
  return { quarantine, fleet, clock, given, lines };
}

const suspect = (id: string): Suspect => ({ id, kind: 'send' });
const lane = (id: string) => workerBeat(id, { lane: 'free', kinds: ['send'] });

describe('Quarantine', () => {
  it('gives each suspect to a worker with a free lane, over all queues', async () => {
    const { quarantine, given, lines } = startQuarantine({ email: [suspect('a')], reports: [suspect('b')] }, [
      lane('w1'),
      lane('w2'),
    ]);

    await quarantine.assign();

    expect(given).toEqual(['email/a to w1', 'reports/b to w2']);
    expect(lines).toEqual(['warn job.isolated', 'warn job.isolated']);
  });

  it('gives none to a worker that is gone, however fresh its last beat', async () => {
    const { quarantine, fleet, given } = startQuarantine({ email: [suspect('a')] }, [lane('w1'), lane('w2')]);
    fleet.gone.add('w1');

    await quarantine.assign();

    expect(given).toEqual(['email/a to w2']);
  });

  it('does not give a suspect again that is on its way, nor another one to its worker', async () => {
    const { quarantine, given, clock } = startQuarantine({ email: [suspect('a'), suspect('b')] }, [lane('w1')]);
    await quarantine.assign();

    clock.time += 3_999;
    await quarantine.assign();
    expect(given).toEqual(['email/a to w1']);
    clock.time += 1;
    await quarantine.assign();

    expect(given).toEqual(['email/a to w1', 'email/b to w1']);
  });

  it('gives the next one to a worker as soon as its lane was taken and is free again', async () => {
    const { quarantine, fleet, given, clock } = startQuarantine({ email: [suspect('a'), suspect('b')] }, [lane('w1')]);
    await quarantine.assign();

    fleet.workers = [{ ...lane('w1'), lane: 'busy' }];
    clock.time += 1_000;
    await quarantine.assign();
    expect(given).toEqual(['email/a to w1']);
    fleet.workers = [lane('w1')];
    clock.time += 1_000;
    await quarantine.assign();

    expect(given).toEqual(['email/a to w1', 'email/b to w1']);
  });

  it('gives a suspect to another worker that still waits after ten seconds: its order was lost', async () => {
    const { quarantine, fleet, given, clock } = startQuarantine({ email: [suspect('a')] }, [lane('w1')]);
    await quarantine.assign();
    fleet.workers = [lane('w2')];

    clock.time += 9_999;
    await quarantine.assign();
    expect(given).toHaveLength(1);
    clock.time += 1;
    await quarantine.assign();

    expect(given).toEqual(['email/a to w1', 'email/a to w2']);
  });

  it('does not say that a job is isolated when its worker is gone', async () => {
    const { quarantine, fleet, given, lines } = startQuarantine({ email: [suspect('a')] }, [lane('w1')]);
    fleet.reply = 'worker_unknown';

    await quarantine.assign();

    expect(given).toHaveLength(1);
    expect(lines).toEqual([]);
  });

  it('goes on with the other queues when one cannot be read, and says which', async () => {
    const { quarantine, given } = startQuarantine({ odd: new Error('WRONGTYPE'), email: [suspect('a')] }, [lane('w1')]);

    await expect(quarantine.assign()).rejects.toThrow('the suspects of queue odd cannot be read: WRONGTYPE');

    expect(given).toEqual(['email/a to w1']);
  });
});
