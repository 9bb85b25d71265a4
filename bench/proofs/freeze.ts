import { setTimeout as sleep } from 'node:timers/promises';
import { FaultPool, moment } from '../faults/fault-pool.js';
import { rounded } from '../figures.js';
import { withPrivateRedis } from '../private-redis.js';
import type { Proof, ProofResult } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { begunAgainMs, lateCommits } from '../runs/second-runs.js';

const workers = 3;
const slots = 5;
/** Long enough that a frozen worker is amid its jobs, and short enough that a slot is soon free for them elsewhere. */
const jobMs = 400;
const warmUpMs = 3_000;
const patienceMs = 60_000;
const mostElsewhereMs = 6_000;

/** What a worker costs that stands still for half a minute and then goes on as if nothing had been. */
export const freeze: Proof = {
  name: 'freeze',
  about:
    'a worker is frozen for 30 s and goes on: its jobs run elsewhere meanwhile, and its late ends are refused, 3 times (2 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const plan = quick ? { rounds: 1, freezeMs: 7_000, jobs: 400 } : { rounds: 3, freezeMs: 30_000, jobs: 4_000 };
    return withPrivateRedis(async ({ url }) => {
      const inputs = Array.from({ length: workers }, () => url);
      const pool = new FaultPool({ redis: url, workers: inputs, worker: { concurrency: slots } });
      try {
        await pool.start();
        await pool.enqueue(plan.jobs, jobMs);
        const elsewhereMs: number[] = [];
        for (let round = 0; round < plan.rounds; round++) {
          await sleep(warmUpMs);
          const victim = round % workers;
          const caught = pool.runningOn(victim);
          const frozenAt = moment();
          pool.workers[victim]?.kill('SIGSTOP');
          await sleep(plan.freezeMs);
          elsewhereMs.push(...begunAgainMs(pool.runs, caught, frozenAt));
          pool.workers[victim]?.kill('SIGCONT');
          say(`freeze ${round + 1} of ${plan.rounds}: ${caught.length} jobs began again elsewhere`);
        }
        const account = await pool.account(patienceMs);
        const bulwark = {
          caught: elsewhereMs.length,
          elsewhereMs: elsewhereMs.some(Number.isNaN) ? Number.POSITIVE_INFINITY : rounded(Math.max(...elsewhereMs)),
          lateCommits: lateCommits(pool.runs, account),
          lateCommitsRefused: await pool.worked('bulwark_job_attempts_total', 'outcome="lease_lost"'),
        };
        return {
          proof: 'freeze',
          bulwark,
          ...(!quick && {
            bounds: {
              elsewhereMs: atMost(mostElsewhereMs, bulwark.elsewhereMs),
              lateCommits: atMost(0, bulwark.lateCommits),
            },
          }),
          lost: account.lost,
        };
      } finally {
        await pool.end();
      }
    });
  },
};
