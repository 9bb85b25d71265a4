import { setTimeout as sleep } from 'node:timers/promises';
import { FaultPool, moment } from '../faults/fault-pool.js';
import { type SentinelGroup, startSentinelGroup } from '../faults/sentinel-group.js';
import { rounded } from '../figures.js';
import type { Bound, Figures, Proof, ProofResult, Scenario } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { lateCommits, repeatedJobs } from '../runs/second-runs.js';

const workers = 4;
const slots = 5;
const jobMs = 200;
const warmUpMs = 2_000;
/** A job whose end was not replicated is held by a lease until somebody gives it back: longer than a lease and its grace. */
const patienceMs = 60_000;
const mostResumeMs = 3_000;
/** So many enqueues are under way at once. */
const enqueueLanes = 10;
const burstMs = 300;

/** What happens before the master is killed; `enqueue` lets jobs be enqueued without a pause until then. */
type Prelude = (group: SentinelGroup, enqueue: () => void) => Promise<void>;

const preludes: Readonly<Record<string, Prelude>> = {
  'the replicas have all that was accepted': (group) => group.untilReplicated(),
  'amid enqueues': async (_group, enqueue) => {
    enqueue();
    await sleep(burstMs);
  },
  'amid enqueues, the replicas cut off before': async (group, enqueue) => {
    enqueue();
    await group.cutReplication();
    await sleep(burstMs);
  },
};

/** What the loss of the master costs, with three sentinels and two replicas. */
export const redisFailover: Proof = {
  name: 'redis-failover',
  about: 'the master of three sentinels and two replicas is killed, also amid enqueues (2 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const jobs = quick ? 200 : 1_500;
    const scenarios: Scenario[] = [];
    for (const [name, before] of Object.entries(preludes)) scenarios.push(await measure(name, jobs, say, before));
    return {
      proof: 'redis-failover',
      bulwark: { resumeMs: Math.max(...scenarios.map(({ bulwark }) => Number(bulwark['resumeMs']))) },
      lost: scenarios.reduce((sum, { lost }) => sum + lost, 0),
      scenarios: quick ? scenarios : scenarios.map((scenario) => ({ ...scenario, bounds: boundsOf(scenario.bulwark) })),
    };
  },
};

async function measure(name: string, jobs: number, say: (line: string) => void, before: Prelude): Promise<Scenario> {
  say(`${name}: the master is killed …`);
  const group = await startSentinelGroup();
  const redis = { sentinels: group.sentinels, sentinelName: group.sentinelName };
  const pool = new FaultPool({
    redis,
    workers: Array.from({ length: workers }, () => redis),
    worker: { concurrency: slots },
  });
  const enqueuing = new AbortController();
  let burst: Promise<unknown> | undefined;
  const enqueue = () => {
    burst = Promise.all(Array.from({ length: enqueueLanes }, () => enqueueUntil(enqueuing.signal, pool)));
  };
  try {
    await pool.start();
    await pool.enqueue(jobs, jobMs);
    await sleep(warmUpMs);
    await before(group, enqueue);

    await group.crashMaster();
    const crashedAt = moment();
    enqueuing.abort();
    await group.untilPromoted();
    const backAt = moment();
    await burst;
    // What the promoted replica does not know was acknowledged by the master alone, and died with it.
    const known = await pool.known();
    const workMs = (pool.accepted.size * jobMs) / (workers * slots);
    const account = await pool.account(2 * workMs + patienceMs, known);
    const figures = {
      accepted: pool.accepted.size,
      neverReplicated: pool.accepted.size - known.size,
      failoverMs: rounded((backAt - crashedAt) / 1_000),
      resumeMs: rounded(pool.resumedMs(backAt)),
      workersCalledDead: await pool.supervised('bulwark_workers_vanished_total', 'verdict="dead"'),
      crashesCounted: account.crashes,
      jobsRunAgain: repeatedJobs(pool.runs),
      lateCommits: lateCommits(pool.runs, account),
    };
    return { name, bulwark: figures, lost: account.lost };
  } finally {
    enqueuing.abort();
    await pool.end();
    await group.remove();
  }
}

/** Enqueues one job after the other; the one under way when the master dies may have been accepted or not, and does not count. */
async function enqueueUntil(signal: AbortSignal, pool: FaultPool): Promise<void> {
  while (!signal.aborted) await pool.enqueue(1, jobMs).catch(() => undefined);
}

function boundsOf(figures: Figures): Record<string, Bound> {
  return {
    resumeMs: atMost(mostResumeMs, figures['resumeMs']),
    workersCalledDead: atMost(0, figures['workersCalledDead']),
    crashesCounted: atMost(0, figures['crashesCounted']),
  };
}
