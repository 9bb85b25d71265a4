import { setTimeout as sleep } from 'node:timers/promises';
import { startCrashingRedis } from '../faults/crashing-redis.js';
import { FaultPool, moment } from '../faults/fault-pool.js';
import { rounded } from '../figures.js';
import type { Proof, ProofResult } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { lateCommits, repeatedJobs } from '../runs/second-runs.js';

const workers = 4;
const slots = 5;
const jobMs = 200;
const patienceMs = 60_000;
const mostResumeMs = 3_000;

/** What a crash of Redis costs that comes back with its append-only file. */
export const redisRestart: Proof = {
  name: 'redis-restart',
  about: 'Redis is killed with its append-only file on, and started again, 5 times (1 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const plan = quick ? { crashes: 1, jobs: 300, awayMs: 500 } : { crashes: 5, jobs: 3_000, awayMs: 3_000 };
    const redis = await startCrashingRedis();
    const pool = new FaultPool({
      redis: redis.url,
      workers: Array.from({ length: workers }, () => redis.url),
      worker: { concurrency: slots },
    });
    try {
      await pool.start();
      await pool.enqueue(plan.jobs, jobMs);
      const resumeMs: number[] = [];
      for (let crash = 1; crash <= plan.crashes; crash++) {
        await sleep(2_000);
        say(`crash ${crash} of ${plan.crashes}, ${plan.awayMs / 1_000} s away …`);
        await redis.crash();
        await sleep(plan.awayMs);
        await redis.restart();
        const backAt = moment();
        await sleep(mostResumeMs);
        resumeMs.push(pool.resumedMs(backAt));
      }
      const account = await pool.account(patienceMs);
      const bulwark = {
        jobs: plan.jobs,
        resumeMs: rounded(Math.max(...resumeMs)),
        workersCalledDead: await pool.supervised('bulwark_workers_vanished_total', 'verdict="dead"'),
        crashesCounted: account.crashes,
        jobsRunAgain: repeatedJobs(pool.runs),
        lateCommits: lateCommits(pool.runs, account),
      };
      return {
        proof: 'redis-restart',
        bulwark,
        ...(!quick && {
          bounds: {
            resumeMs: atMost(mostResumeMs, bulwark.resumeMs),
            workersCalledDead: atMost(0, bulwark.workersCalledDead),
            crashesCounted: atMost(0, bulwark.crashesCounted),
            lateCommits: atMost(0, bulwark.lateCommits),
          },
        }),
        lost: account.lost,
      };
    } finally {
      await pool.end();
      await redis.remove();
    }
  },
};
