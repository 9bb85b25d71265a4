import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { HistoryRelief } from '../../../src/shedding/history-relief.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { TrimReply } from '../../../src/transport/job-history.js';

/** Queues with so many completed jobs each, and a Redis whose memory is as full as the test says. */
function keep(completed: Record<string, number>) {
  const metrics = createMetrics({ role: 'supervisor', version: '0' });
  const lines: Readonly<Record<string, unknown>>[] = [];
  const log = pino({ level: 'debug' }, { write: (line) => lines.push(JSON.parse(line)) });
  const world = {
    memoryRatio: 0.5 as number | undefined,
    term: 7 as number | undefined,
    deposed: [] as number[],
    calls: 0,
  };
  const trim = async (queue: string, { keep: least, most }: { keep: number; most: number }, epoch: number) => {
    world.calls += 1;
    if (epoch < 7) return { kind: 'deposed' } satisfies TrimReply;
    const jobs = Math.min(most, Math.max(0, (completed[queue] ?? 0) - least));
    completed[queue] = (completed[queue] ?? 0) - jobs;
    return { kind: 'trimmed', jobs } satisfies TrimReply;
  };
  const written: string[] = [];
  const relief = new HistoryRelief({
    history: { trim },
    memoryRatio: () => world.memoryRatio,
    queues: async () => Object.keys(completed),
    leadership: {
      get term() {
        return world.term;
      },
      deposed: (epoch) => world.deposed.push(epoch),
    },
    audit: { add: (entry) => written.push(entry.what) },
    supervisor: 's1',
    log,
    metrics,
  });
  return {
    world,
    written,
    completed,
    said: (event: string) => lines.filter(({ msg }) => msg === event),
    relieve: () => relief.relieve(),
    exported: async () =>
      (await metrics.render()).split('\n').filter((line) => line.startsWith('bulwark_history_trimmed_jobs_total{')),
  };
}

describe('HistoryRelief', () => {
  it('writes down once when it begins, and when it ends', async () => {
    const { world, written, relieve } = keep({ email: 5_000 });

    for (const ratio of [0.5, 0.69, 0.69, 0.3]) {
      world.memoryRatio = ratio;
      await relieve();
    }

    expect(written).toEqual(['history.give_way', 'history.stay']);
  });

  it('lets history be while there is memory, or no limit to it', async () => {
    const { world, completed, relieve } = keep({ email: 5_000 });

    await relieve();
    world.memoryRatio = undefined;
    await relieve();

    expect({ ...completed, calls: world.calls }).toEqual({ email: 5_000, calls: 0 });
  });

  it('removes it down to the last hundred of each queue, some thousand at a time, and says so', async () => {
    const { world, completed, relieve, exported, said } = keep({ email: 7_000, sms: 400, rare: 20 });
    world.memoryRatio = 0.69;

    await relieve();
    const first = { ...completed };
    await relieve();

    expect(first).toEqual({ email: 2_000, sms: 100, rare: 20 });
    expect(completed).toEqual({ email: 100, sms: 100, rare: 20 });
    expect(await exported()).toEqual([
      expect.stringMatching(/queue="email".* 6900$/),
      expect.stringMatching(/queue="sms".* 300$/),
    ]);
    expect(said('history.gives_way')).toMatchObject([{ memoryRatio: 0.69, kept: 100 }]);
  });

  it('goes on until there is room, and not with every job that ends', async () => {
    const { world, completed, relieve, said } = keep({ email: 0 });
    const left: (number | undefined)[] = [];
    for (const ratio of [0.69, 0.62, 0.59, 0.65]) {
      world.memoryRatio = ratio;
      completed['email'] = 1_000;
      await relieve();
      left.push(completed['email']);
    }

    expect(left).toEqual([100, 100, 1_000, 1_000]);
    expect(said('history.stays')).toHaveLength(1);
  });

  it('stops when somebody else leads', async () => {
    const { world, completed, relieve } = keep({ email: 7_000, sms: 400 });
    world.memoryRatio = 0.9;
    world.term = 6;

    await relieve();

    expect(world.deposed).toEqual([6]);
    expect(completed).toEqual({ email: 7_000, sms: 400 });
  });
});
