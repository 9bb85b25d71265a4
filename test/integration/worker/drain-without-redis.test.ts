import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { signal } from '../worker-pool/signal.js';
import { startPool, type TestPool } from '../worker-pool/test-pool.js';

const never = () => new Promise<never>(() => undefined);

function jobIn<R>(pool: TestPool, run: (payload: Record<string, unknown>) => R) {
  return defineJob({ kind: 'do', queue: pool.queue(), payload: z.looseObject({}), run });
}

describe('stop without Redis', () => {
  const limits = { drainTimeoutMs: 300, abortGraceMs: 100 };
  const latestMs = limits.drainTimeoutMs + limits.abortGraceMs + 5_500;

  it.each<[string, 'kill' | 'freeze']>([
    ['is gone', 'kill'],
    ['says nothing', 'freeze'],
  ])('stops on time when Redis %s, with jobs running, ending and ended', { timeout: 15_000 }, async (_what, fault) => {
    const away = await startPool();
    const goOn = signal();
    const job = jobIn(away, ({ stays }) => (stays ? never() : goOn.promise));
    await away.producer().enqueueMany(job, [{ stays: true }, {}]);
    const worker = await away.worker([job], { worker: { ...limits, concurrency: 2 } });
    await eventually('both run', () => worker.busy === 2);
    if (fault === 'kill') await away.server.kill();
    else process.kill(away.server.pid, 'SIGSTOP');
    goOn.send();

    const { durationMs } = await worker.stop();

    if (fault === 'freeze') process.kill(away.server.pid, 'SIGCONT');
    expect(durationMs).toBeGreaterThanOrEqual(limits.drainTimeoutMs);
    expect(durationMs).toBeLessThan(latestMs);
  });

  it.each<'kill' | 'freeze'>(['kill', 'freeze'])('stops soon when nothing runs (%s)', async (fault) => {
    const away = await startPool();
    const worker = await away.worker([jobIn(away, () => undefined)]);
    if (fault === 'kill') await away.server.kill();
    else process.kill(away.server.pid, 'SIGSTOP');

    const { durationMs } = await worker.stop({ drainTimeoutMs: 300 });

    if (fault === 'freeze') process.kill(away.server.pid, 'SIGCONT');
    expect(durationMs).toBeLessThan(6_000);
  });
});
