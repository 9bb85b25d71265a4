import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisInput } from 'bulwark';
import { startCrashingRedis } from '../faults/crashing-redis.js';
import { FaultPool, moment } from '../faults/fault-pool.js';
import { openNetworkPath } from '../faults/network-path.js';
import { rounded } from '../figures.js';
import type { Bound, Figures, Proof, ProofResult, Scenario } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { begunAgainMs, lateCommits } from '../runs/second-runs.js';

interface PartitionPlan {
  readonly name: string;
  /** How many of the four workers the network parts from Redis. */
  readonly parted: number;
  /** What becomes of the connections that stood when the network parted. */
  readonly old: 'late' | 'forgotten';
  readonly partMs: number;
  readonly jobs: number;
}

const workers = 4;
const slots = 5;
const jobMs = 300;
const warmUpMs = 2_000;
const patienceMs = 60_000;

/** From the parting to the new start elsewhere: 5 s of silence, a beat and a sweep. */
const mostElsewhereMs = 7_500;
const mostResumeMs = 3_000;

/** What a network that swallows everything between some workers and Redis costs. */
export const partition: Proof = {
  name: 'partition',
  about: 'a network that drops every packet between workers and Redis for 10 s (2 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const length = quick ? { partMs: 3_000, jobs: 400 } : { partMs: 10_000, jobs: 1_500 };
    const scenarios: Scenario[] = [];
    for (const old of ['late', 'forgotten'] as const) {
      const fate = old === 'late' ? 'what was sent arrives late' : 'old connections stay silent';
      for (const [who, parted] of [
        ['two of four workers', 2],
        ['all workers', workers],
      ] as const) {
        const measured = await measure({ name: `${who}, ${fate}`, parted, old, ...length }, say);
        const limits = parted === workers ? { reaped: 0, jobsRunAgain: 0 } : { elsewhereMs: mostElsewhereMs };
        scenarios.push({ ...measured, ...(!quick && { bounds: boundsOf(measured.bulwark, limits) }) });
      }
    }
    return {
      proof: 'partition',
      bulwark: { resumeMs: Math.max(...scenarios.map(({ bulwark }) => Number(bulwark['resumeMs']))) },
      lost: scenarios.reduce((sum, { lost }) => sum + lost, 0),
      scenarios,
    };
  },
};

async function measure(plan: PartitionPlan, say: (line: string) => void): Promise<Scenario> {
  say(`${plan.name}: parted for ${plan.partMs / 1_000} s …`);
  const redis = await startCrashingRedis();
  const path = await openNetworkPath(redis.port);
  const inputs: RedisInput[] = Array.from({ length: workers }, (_, at) => (at < plan.parted ? path.url : redis.url));
  const pool = new FaultPool({ redis: redis.url, workers: inputs, worker: { concurrency: slots } });
  try {
    await pool.start();
    await pool.enqueue(plan.jobs, jobMs);
    await sleep(warmUpMs);

    const isParted = (worker: number) => worker < plan.parted;
    const caught = inputs.flatMap((_, worker) => (isParted(worker) ? pool.runningOn(worker) : []));
    const partedAt = moment();
    path.part();
    await sleep(plan.partMs);
    const healedAt = moment();
    path.heal(plan.old);

    const account = await pool.account(patienceMs);
    const again = begunAgainMs(pool.runs, caught, partedAt).filter((ms) => !Number.isNaN(ms));
    return {
      name: plan.name,
      bulwark: {
        caught: caught.length,
        jobsRunAgain: again.length,
        ...(again.length > 0 && { elsewhereMs: rounded(Math.max(...again)) }),
        resumeMs: rounded(pool.resumedMs(healedAt, plan.parted)),
        reaped: account.crashes,
        lateCommits: lateCommits(pool.runs, account),
        leasesLost: await pool.worked('bulwark_job_attempts_total', 'outcome="lease_lost"'),
      },
      lost: account.lost,
    };
  } finally {
    await pool.end();
    path.close();
    await redis.remove();
  }
}

function boundsOf(figures: Figures, limits: Readonly<Record<string, number>>): Record<string, Bound> {
  const all = { resumeMs: mostResumeMs, lateCommits: 0, ...limits };
  return Object.fromEntries(Object.entries(all).map(([name, limit]) => [name, atMost(limit, figures[name])]));
}
