import { setTimeout as sleep } from 'node:timers/promises';
import { FaultPool } from '../faults/fault-pool.js';
import { withPrivateRedis } from '../private-redis.js';
import type { Proof, ProofResult } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { repeatedJobs } from '../runs/second-runs.js';

const workers = 3;
const slots = 5;
const jobMs = 300;
const hourMs = 3_600_000;
const patienceMs = 60_000;

/** What wall clocks cost that jump while the pool works. */
export const clockJump: Proof = {
  name: 'clock-jump',
  about: 'the wall clocks of two of three workers and of the supervisor jump by an hour, forward and back (1 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const plan = quick ? { jobs: 200, betweenMs: 500 } : { jobs: 1_500, betweenMs: 6_000 };
    return withPrivateRedis(async ({ url }) => {
      const inputs = Array.from({ length: workers }, () => url);
      const pool = new FaultPool({ redis: url, workers: inputs, worker: { concurrency: slots } });
      try {
        await pool.start();
        await pool.enqueue(plan.jobs, jobMs);
        const elections = () => pool.supervised('bulwark_supervisor_epoch', '');
        await sleep(2_000);
        const before = await elections();
        for (const [member, ms] of [
          [0, hourMs],
          [1, -hourMs],
          ['supervisor', hourMs],
          ['supervisor', -2 * hourMs],
        ] as const) {
          say(
            `the clock of ${member === 'supervisor' ? 'the supervisor' : `worker ${member}`} jumps by ${ms / hourMs} h`,
          );
          await pool.jump(member, ms);
          await sleep(plan.betweenMs);
        }
        const account = await pool.account(patienceMs);
        const bulwark = {
          jobs: plan.jobs,
          crashesCounted: account.crashes,
          workersCalledDead: await pool.supervised('bulwark_workers_vanished_total', 'verdict="dead"'),
          jobsRunAgain: repeatedJobs(pool.runs),
          elections: (await elections()) - before,
        };
        const bounds = Object.entries(bulwark).filter(([figure]) => figure !== 'jobs');
        return {
          proof: 'clock-jump',
          bulwark,
          ...(!quick && { bounds: Object.fromEntries(bounds.map(([name, figure]) => [name, atMost(0, figure)])) }),
          lost: account.lost,
        };
      } finally {
        await pool.end();
      }
    });
  },
};
