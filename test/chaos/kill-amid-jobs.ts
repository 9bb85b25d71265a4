import type { TestPool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';
import type { RunningProcess } from '../support/processes.js';
import { chaosJob } from './chaos-job.js';
import { ready, told } from './pool-process.js';

interface Plan {
  /** How long each of the six jobs runs. */
  readonly ms: number;
  /** By when the other has to have begun what the victim ran. */
  readonly withinMs: number;
}

interface Recovered {
  /** What ran where when the victim was killed, and what the other has run in the end. */
  readonly lost: readonly string[];
  readonly kept: readonly string[];
  readonly done: readonly string[];
  /** From the kill until the other had begun all that the victim ran. */
  readonly recoveryMs: number;
}

/** Has two workers run six jobs, kills one of the two amid them, and lets the other do them all. */
export async function killAmidJobs(
  pool: TestPool,
  victim: RunningProcess,
  other: RunningProcess,
  { ms, withinMs }: Plan,
): Promise<Recovered> {
  await Promise.all([victim, other].map(ready));
  const producer = pool.producer();
  const jobs = await producer.enqueueMany(
    chaosJob,
    Array.from({ length: 6 }, () => ({ ms })),
  );
  await eventually('all run', () => told(victim, 'started').length + told(other, 'started').length === 6);
  const lost = told(victim, 'started');
  const kept = told(other, 'started');

  victim.kill('SIGKILL');
  const killedAt = performance.now();
  await eventually('the other has begun them', () => lost.every((id) => told(other, 'started').includes(id)), {
    timeoutMs: withinMs,
  });
  const recoveryMs = Math.round(performance.now() - killedAt);
  await Promise.all(jobs.map((job) => producer.wait(job)));
  return { lost, kept, done: told(other, 'started'), recoveryMs };
}
