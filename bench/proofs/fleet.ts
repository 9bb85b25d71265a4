import { percentile, rounded } from '../figures.js';
import { withPrivateRedis } from '../private-redis.js';
import type { Figures, Proof, ProofResult, Scenario } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { type FleetCosts, type FleetPlan, watchFleet } from '../runs/fleets.js';

const calm: FleetPlan = { simulated: 10_000, kills: 40, passingPerSecond: 0, windowMs: 20_000 };
const busy: FleetPlan = { ...calm, kills: 20, passingPerSecond: 20 };
const mostOfACore = 0.3;
const mostRssMiB = 200;
const mostMs = { p50Ms: 300, maxMs: 1_000 };
/** Beats in a file would fill the disk of the machine, and what they cost there is not the leader's. */
const directives = { maxclients: '12000', appendonly: 'no' };

/** What it costs one leader to watch ten thousand workers, and how soon it notices that one of them was killed. */
export const fleet: Proof = {
  name: 'fleet',
  about: 'one leader over 10,000 workers: its processor time and memory, and how soon it notices a death (4 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const measure = (plan: FleetPlan) => {
      const asked = quick ? { ...plan, simulated: 300, kills: 2, windowMs: 2_000 } : plan;
      return withPrivateRedis((redis) => watchFleet(asked, redis, say), directives);
    };
    const [costs, busyCosts] = [await measure(calm), await measure(busy)];
    const scenarios: Scenario[] = [
      { name: '10,000 workers', bulwark: figuresOf(costs), lost: costs.lost },
      {
        name: '10,000 workers, and 20 connections a second come and go',
        bulwark: figuresOf(busyCosts),
        lost: busyCosts.lost,
      },
    ];
    const figures = figuresOf(costs);
    return {
      proof: 'fleet',
      bulwark: figures,
      ...(!quick && {
        bounds: {
          leaderCpu: atMost(mostOfACore, figures['leaderCpu']),
          leaderRssMiB: atMost(mostRssMiB, figures['leaderRssMiB']),
          p50Ms: atMost(mostMs.p50Ms, figures['p50Ms']),
          maxMs: atMost(mostMs.maxMs, figures['maxMs']),
        },
      }),
      lost: costs.lost + busyCosts.lost,
      scenarios,
    };
  },
};

function figuresOf({ recoveryMs, leaderRssBytes, lost, ...shares }: FleetCosts): Figures {
  return {
    leaderCpu: rounded(shares.leaderCpu),
    leaderCpuWhileKilling: rounded(shares.leaderCpuWhileKilling),
    leaderRssMiB: rounded(leaderRssBytes / 1_048_576),
    redisCpuForBeats: rounded(shares.redisCpuForBeats),
    redisCpuWithLeader: rounded(shares.redisCpuWithLeader),
    jobs: recoveryMs.length,
    p50Ms: rounded(percentile(recoveryMs, 0.5)),
    p99Ms: rounded(percentile(recoveryMs, 0.99)),
    maxMs: rounded(Math.max(...recoveryMs)),
    lost,
  };
}
