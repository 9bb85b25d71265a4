import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../src/audit/audit-entry.js';
import type { DeadLetterRecord } from '../../../src/dead-letter/record.js';
import type { JobCrash } from '../../../src/job/crash.js';
import type { CrashRecord } from '../../../src/recovery/crash-record.js';
import type { FleetStore } from '../../../src/recovery/fleet-store.js';
import type { FleetView } from '../../../src/recovery/fleet-view.js';
import { OrphanSweeper } from '../../../src/recovery/orphan-sweeper.js';
import type { WorkerBeat } from '../../../src/recovery/worker-beat.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { leaseToken } from '../../../src/transport/lease-token.js';
import type { Orphan, QueueAdmin } from '../../../src/transport/queue-admin.js';
import type { QueueInspector } from '../../../src/transport/queue-inspector.js';
import type { RecoveryReply } from '../../../src/transport/transition-scripts.js';
import type { ActiveJobOwner } from '../../../src/transport/view-scripts.js';
import { jobCrashes } from '../../support/orphan.js';
import { workerBeat } from '../../support/worker-beat.js';
import { recordingLog } from '../service/recording-log.js';

const secondMs = 1_000;

/**
 * A sweeper that leads a fleet whose workers are named with their silence, over active jobs that the test moves about. `deeds`
 * is what it asked of the queues.
 */
function startSweeper(active: Record<string, ActiveJobOwner[]>) {
  const clock = { time: 0, now: () => 0 as never, elapsed: () => clock.time };
  const silentSince = new Map<string, number>();
  const redis = { awayMs: 0 };
  const deeds: string[] = [];
  const records: DeadLetterRecord[] = [];
  const crashes: JobCrash[] = [];
  const beats = new Map<string, WorkerBeat>();
  const ends = new Map<string, CrashRecord>();
  let asked = 0;
  const replies = new Map<string, RecoveryReply | Error>();
  const pages: number[] = [];
  const leadership = {
    term: 3 as number | undefined,
    deposed: (epoch: number) => {
      deeds.push(`deposed ${epoch}`);
      leadership.term = undefined;
    },
  };
  const { log, lines } = recordingLog();
  const metrics = createMetrics({ role: 'supervisor', version: '1.2.3' });

  const written: AuditEntry[] = [];

  const reply = async (deed: string, lost: Orphan): Promise<RecoveryReply> => {
    const answer = replies.get(lost.id) ?? 'done';
    if (answer instanceof Error) throw answer;
    deeds.push(`${deed} ${lost.queue}/${lost.id}`);
    crashes.push(lost.crash);
    return answer;
  };
  const sweeper = new OrphanSweeper({
    view: {
      read: async () => {
        const at = clock.time;
        // While Redis is away nobody beats, and the question waits for its answer.
        const { awayMs } = redis;
        redis.awayMs = 0;
        clock.time += awayMs;
        const workers = ['w1', 'w2'].map((id) => ({ id, aliveAt: silentSince.get(id) ?? at }));
        return { at, workers };
      },
    } as unknown as FleetView,
    fleet: { beatOf: async (id: string) => beats.get(id), beatsOf: async () => [] } as unknown as FleetStore,
    inspector: {
      activeOwners: async (queue: string, from: number, count: number) => {
        pages.push(from);
        return (active[queue] ?? []).slice(from, from + count);
      },
    } as unknown as QueueInspector,
    admin: {
      recover: (lost: Orphan) => reply('requeue', lost),
      quarantine: (lost: Orphan, { delayMs }: { delayMs: number }) => reply(`quarantine for ${delayMs}:`, lost),
      deadLetterOrphan: (lost: Orphan, record: DeadLetterRecord) => {
        records.push(record);
        return reply('dead-letter', lost);
      },
    } as unknown as QueueAdmin,
    crashes: {
      read: async (worker) => {
        asked += 1;
        return ends.get(worker);
      },
    },
    queues: async () => Object.keys(active),
    leadership,
    policy: {
      deadAfterMs: 5 * secondMs,
      maxGapMs: 2.5 * secondMs,
      leaselessGraceMs: 5 * secondMs,
      quarantineAfter: 2,
      poisonAfter: 3,
      crashWindowMs: 3_600 * secondMs,
      quarantineMs: 60 * secondMs,
    },
    limits: { maxErrorBytes: 500, maxStackBytes: 500 },
    audit: { add: (entry) => written.push(entry) },
    supervisor: 's1',
    clock,
    log,
    metrics,
  });
  /** Sweeps once a second for so long. */
  const sweeps = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      clock.time += secondMs;
      await sweeper.sweep();
    }
  };
  const fallsSilent = (worker: string): void => {
    silentSince.set(worker, clock.time);
  };
  return {
    sweeper,
    sweeps,
    fallsSilent,
    clock,
    redis,
    leadership,
    deeds,
    records,
    written,
    crashes,
    beats,
    ends,
    asked: () => asked,
    replies,
    pages,
    lines,
    metrics,
  };
}

const heldBy = (worker: string, id: string, crashes = 0): ActiveJobOwner => ({
  id,
  token: leaseToken(worker, 7),
  starts: String(crashes + 1),
  crashes: jobCrashes(crashes),
});
const heldByNobody = (id: string, crashes = 0): ActiveJobOwner => ({ ...heldBy('', id, crashes), token: '' });

describe('OrphanSweeper', () => {
  it('puts back the jobs of a worker that died, in every queue, and leaves those of others', async () => {
    const { sweeps, fallsSilent, deeds } = startSweeper({
      email: [heldBy('w1', 'a'), heldBy('w2', 'b')],
      reports: [heldBy('w1', 'c'), { ...heldByNobody('d'), token: '8a0b:3' }],
    });
    await sweeps(6);
    fallsSilent('w1');

    await sweeps(5);
    expect(deeds).toEqual([]);
    await sweeps(1);

    expect(deeds).toEqual(['requeue email/a', 'requeue reports/c']);
  });

  it('puts back the jobs of a worker whose process is gone at once, and leaves those of others', async () => {
    const { sweeper, sweeps, deeds } = startSweeper({
      email: [heldBy('w1', 'a'), heldBy('w2', 'b'), heldByNobody('n')],
      reports: [heldBy('w1', 'c', 2)],
    });
    await sweeps(1);

    await sweeper.recoverFrom(['w1']);

    expect(deeds).toEqual(['requeue email/a', 'quarantine for 0: reports/c']);
  });

  it('goes on counting for how long others have been without a lease', async () => {
    const { sweeper, sweeps, deeds } = startSweeper({ email: [heldByNobody('a')] });
    await sweeps(4);

    await sweeper.recoverFrom(['w1']);
    await sweeps(2);

    expect(deeds).toEqual(['requeue email/a']);
  });

  it('gives up a job that was alone in the third process, whose end was seen, and says who did and why', async () => {
    const { sweeper, sweeps, deeds, records, beats, ends } = startSweeper({ email: [heldBy('w1', 'a', 2)] });
    beats.set('w1', workerBeat('w1', { suspect: { queue: 'email', jobId: 'a' } }));
    ends.set('w1', { exitCode: 1, signal: null, endedAt: 0 as EpochMs, lines: [] });
    await sweeps(1);

    await sweeper.recoverFrom(['w1']);

    expect(deeds).toEqual(['dead-letter email/a']);
    expect(records[0]).toMatchObject({
      reason: 'poison',
      queue: 'email',
      id: 'a',
      by: 's1',
      error: { class: 'permanent', name: 'PoisonJobError', message: expect.stringContaining('3 times') },
    });
  });

  it('sets aside a job whose workers fall silent again and again: it may have been in the wrong place', async () => {
    const { sweeps, fallsSilent, deeds } = startSweeper({ email: [heldBy('w1', 'a', 2)] });
    await sweeps(6);
    fallsSilent('w1');

    await sweeps(6);

    expect(deeds).toEqual(['quarantine for 0: email/a']);
  });

  it('keeps with the job what the worker last told, and how its process ended', async () => {
    const { sweeper, sweeps, crashes, beats, ends } = startSweeper({ email: [heldBy('w1', 'a'), heldByNobody('n')] });
    beats.set('w1', workerBeat('w1', { rssBytes: 7, loopDelayMs: 3 }));
    ends.set('w1', { exitCode: null, signal: 'SIGSEGV', endedAt: 1 as EpochMs, lines: ['last words'] });
    await sweeps(6);

    await sweeper.recoverFrom(['w1']);

    expect(crashes).toEqual([
      { at: 0, how: 'unowned' },
      { at: 0, how: 'exited', worker: 'w1', signal: 'SIGSEGV', rssBytes: 7, loopDelayMs: 3, lines: ['last words'] },
    ]);
  });

  it('names in the dead letter how the last process ended', async () => {
    const { sweeper, sweeps, records, ends, beats } = startSweeper({ email: [heldBy('w1', 'a', 2)] });
    beats.set('w1', workerBeat('w1', { suspect: { queue: 'email', jobId: 'a' } }));
    ends.set('w1', { exitCode: null, signal: 'SIGSEGV', endedAt: 1 as EpochMs, lines: [] });
    await sweeps(1);

    await sweeper.recoverFrom(['w1']);

    expect(records[0]?.error.message).toContain('the last one killed by SIGSEGV');
  });

  it('asks once what is known of a worker, however many jobs it held', async () => {
    const jobs = Array.from({ length: 50 }, (_, n) => heldBy('w1', `j${n}`));
    const { sweeper, sweeps, asked } = startSweeper({ email: jobs });
    await sweeps(1);

    await sweeper.recoverFrom(['w1']);

    expect(asked()).toBe(1);
  });

  it('puts back a job that nobody held in any sweep for the whole grace', async () => {
    const { sweeps, deeds } = startSweeper({ email: [heldByNobody('a')] });

    await sweeps(5);
    expect(deeds).toEqual([]);
    await sweeps(1);

    expect(deeds).toEqual(['requeue email/a']);
  });

  it('starts to count anew when the job was held in between, or was started since', async () => {
    const jobs: ActiveJobOwner[] = [heldByNobody('a'), heldByNobody('b')];
    const { sweeps, deeds } = startSweeper({ email: jobs });
    await sweeps(4);

    jobs[0] = heldBy('w2', 'a');
    jobs[1] = { ...heldByNobody('b'), starts: '2' };
    await sweeps(1);
    jobs[0] = heldByNobody('a');
    await sweeps(4);
    expect(deeds).toEqual([]);

    await sweeps(2);
    expect(new Set(deeds)).toEqual(new Set(['requeue email/a', 'requeue email/b']));
  });

  it('calls nobody dead on an answer for which it had to wait until Redis was back', async () => {
    const { sweeps, redis, deeds } = startSweeper({ email: [heldBy('w1', 'a')] });
    await sweeps(6);

    redis.awayMs = 60 * secondMs;
    await sweeps(6);

    expect(deeds).toEqual([]);
  });

  it('starts to count anew after a time in which it did not look, as when another led', async () => {
    const { sweeps, clock, deeds } = startSweeper({ email: [heldByNobody('a')] });
    await sweeps(3);

    clock.time += 60 * secondMs;
    await sweeps(5);
    expect(deeds).toEqual([]);
    await sweeps(1);

    expect(deeds).toEqual(['requeue email/a']);
  });

  it('says nothing of a job that somebody else has moved in the meantime', async () => {
    const { sweeps, replies, lines, metrics } = startSweeper({ email: [heldByNobody('a')] });
    replies.set('a', 'lease_lost');

    await sweeps(6);

    expect(lines).toEqual([]);
    expect(await metrics.render()).not.toMatch(/^bulwark_orphaned_jobs_total\{/m);
  });

  it('counts and logs what it did', async () => {
    const { sweeps, lines, metrics } = startSweeper({
      email: [heldByNobody('a'), heldByNobody('b', 1), heldByNobody('c', 5)],
    });

    await sweeps(6);

    const page = await metrics.render();
    expect(lines.filter((line) => line === 'warn job.recovered')).toHaveLength(3);
    for (const decision of ['requeued', 'quarantined', 'dead_lettered']) {
      expect(page).toMatch(
        new RegExp(`^bulwark_orphaned_jobs_total\\{queue="email",decision="${decision}",role="supervisor"\\} 1$`, 'm'),
      );
    }
    expect(page).toMatch(/^bulwark_workers\{state="alive",role="supervisor"\} 2$/m);
  });

  it('writes down who was found dead, how many jobs came back, and which are suspects or poison', async () => {
    const { sweeper, written } = startSweeper({
      email: [heldBy('w1', 'a'), heldBy('w1', 'suspect', 1)],
      reports: [heldBy('w1', 'poison', 5), heldBy('w2', 'b')],
    });

    await sweeper.recoverFrom(['w1', 'idle']);

    const basics = { by: 's1', fence: 3 };
    expect(written).toMatchObject([
      {
        ...basics,
        what: 'worker.recover',
        worker: 'w1',
        count: 3,
        details: { requeued: 1, queues: ['email', 'reports'] },
      },
      { ...basics, what: 'worker.recover', worker: 'idle', why: 'gone', count: 0 },
      { ...basics, what: 'job.quarantine', queue: 'email', count: 1, details: { jobs: ['suspect'] } },
      { ...basics, what: 'job.poison', queue: 'reports', job: 'poison', details: { worker: 'w1', crashes: 6 } },
    ]);
  });

  it('writes nothing down when it found nothing to do', async () => {
    const { sweeps, written } = startSweeper({ email: [heldBy('w1', 'a')] });

    await sweeps(3);

    expect(written).toEqual([]);
  });

  it('goes on with the others when one job cannot be recovered', async () => {
    const { sweeps, deeds, replies, lines } = startSweeper({ email: [heldByNobody('a'), heldByNobody('b')] });
    replies.set('a', new Error('WRONGTYPE'));

    await sweeps(6);

    expect(deeds).toEqual(['requeue email/b']);
    expect(lines).toContain('error job.recovery_failed');
  });

  it('steps down at the first write that is refused, and goes on with nothing', async () => {
    const { sweeps, replies, deeds } = startSweeper({ email: [heldByNobody('a'), heldByNobody('b')] });
    replies.set('a', 'deposed');

    await sweeps(7);

    expect(deeds).toEqual(['requeue email/a', 'deposed 3']);
  });

  it('writes nothing in a term other than that in which it looked', async () => {
    const { sweeper, sweeps, replies, leadership, deeds } = startSweeper({
      email: [heldBy('w1', 'a'), heldBy('w1', 'b')],
    });
    await sweeps(1);
    Object.defineProperty(replies, 'get', {
      value: () => {
        leadership.term = 5;
        return 'done';
      },
    });

    await sweeper.recoverFrom(['w1']);

    expect(deeds).toEqual(['requeue email/a']);
  });

  it('looks at active jobs a page at a time, at no more than twenty pages a sweep, and goes on behind them in the next', async () => {
    const jobs = Array.from({ length: 12_000 }, (_, index) => heldBy('w1', `j${index}`));
    const { sweeps, pages } = startSweeper({ email: jobs, reports: [] });

    await sweeps(1);

    const first = pages.splice(0);
    await sweeps(1);

    expect(first.toSorted((a, b) => a - b)).toEqual([0, ...Array.from({ length: 20 }, (_, page) => page * 500)]);
    expect(pages.toSorted((a, b) => a - b)).toEqual([0, 10_000, 10_500, 11_000, 11_500, 12_000]);
  });

  it('looks at all active jobs for those of a worker whose process is gone', async () => {
    const jobs = Array.from({ length: 12_000 }, (_, index) => heldBy(index === 11_999 ? 'w1' : 'w2', `j${index}`));
    const { sweeper, sweeps, deeds } = startSweeper({ email: jobs });
    await sweeps(1);

    await sweeper.recoverFrom(['w1']);

    expect(deeds).toEqual(['requeue email/j11999']);
  });
});
