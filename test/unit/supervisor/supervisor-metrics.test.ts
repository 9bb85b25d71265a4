import { describe, expect, it } from 'vitest';
import { createSupervisorMetrics } from '../../../src/supervisor/supervisor-metrics.js';

async function exported(bullmqMetrics: boolean): Promise<string[][]> {
  const metrics = createSupervisorMetrics({ bullmqMetrics });
  const linesOf = async () =>
    (await metrics.render())
      .split('\n')
      .filter((line) => line.startsWith('bullmq_'))
      .map((line) => line.replace(',role="supervisor"', ''));
  metrics.queueJobs.set({ queue: 'email', state: 'waiting' }, 3);
  metrics.queueJobs.set({ queue: 'email', state: 'failed' }, 0);
  metrics.queueJobs.set({ queue: 'email', state: 'dead_lettered' }, 2);
  const leading = await linesOf();
  metrics.queueJobs.clear();
  return [leading, await linesOf()];
}

describe('createSupervisorMetrics', () => {
  it('exports nothing under the names of BullMQ unless told to', async () => {
    expect(await exported(false)).toEqual([[], []]);
  });

  it('exports the counts of jobs once more as BullMQ does, while it leads', async () => {
    expect(await exported(true)).toEqual([
      [
        'bullmq_job_count{queue="email",state="waiting"} 3',
        'bullmq_job_count{queue="email",state="failed"} 0',
        'bullmq_job_count{queue="email.dead",state="failed"} 2',
      ],
      [],
    ]);
  });
});
