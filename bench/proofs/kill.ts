import { percentile, rounded } from '../figures.js';
import type { Subject } from '../peers/subject.js';
import { withPrivateRedis } from '../private-redis.js';
import type { Figures, Proof, ProofResult, Scenario } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { countDeaths, type Deaths, type KillPlan } from '../runs/kills.js';

type Say = (line: string) => void;

const concurrency = 5;
const bulwark: KillPlan = { kills: 100, concurrency, patienceMs: 20_000 };
/** A job of theirs lies for up to a minute: three kills say enough. */
const bullmqDefaults: KillPlan = { kills: 3, concurrency, patienceMs: 90_000 };
/** A fifteenth of its default lease. */
const bullmqTight: KillPlan = {
  kills: 10,
  concurrency,
  patienceMs: 20_000,
  recovery: { lockDuration: 2_000, stalledInterval: 1_000, maxStalledCount: 100 },
};

const mostMs = { p50Ms: 300, p99Ms: 600, maxMs: 1_000 };

/** How long the jobs of a worker that was killed lie until they run again. */
export const kill: Proof = {
  name: 'kill',
  about: 'from the SIGKILL of a worker to the next start of its jobs, 100 times (6 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const shorten = (plan: KillPlan): KillPlan => (quick ? { ...plan, kills: 2 } : plan);
    const ours = await measure('bulwark', shorten(bulwark), say);
    const tight = await measure('bullmq', shorten(bullmqTight), say);
    const defaults = quick ? undefined : await measure('bullmq', bullmqDefaults, say);
    const scenarios: Scenario[] = [
      {
        name: 'plain BullMQ, lease 2 s, looked for every second',
        bulwark: figuresOf(ours),
        bullmq: figuresOf(tight),
        lost: ours.lost,
      },
      ...(defaults
        ? [
            {
              name: 'plain BullMQ with its defaults',
              bulwark: figuresOf(ours),
              bullmq: figuresOf(defaults),
              lost: ours.lost,
            },
          ]
        : []),
    ];
    const figures = figuresOf(ours);
    const { p50Ms, p99Ms, maxMs } = figures;
    return {
      proof: 'kill',
      bulwark: figures,
      ...(!quick && {
        bounds: {
          p50Ms: atMost(mostMs.p50Ms, p50Ms),
          p99Ms: atMost(mostMs.p99Ms, p99Ms),
          maxMs: atMost(mostMs.maxMs, maxMs),
        },
      }),
      lost: ours.lost,
      scenarios,
    };
  },
};

function measure(subject: Subject, plan: KillPlan, say: Say): Promise<Deaths> {
  return withPrivateRedis(({ url }) => countDeaths(subject, plan, url, say));
}

function figuresOf({ recoveryMs, lost }: Deaths): Figures {
  return {
    jobs: recoveryMs.length,
    p50Ms: rounded(percentile(recoveryMs, 0.5)),
    p99Ms: rounded(percentile(recoveryMs, 0.99)),
    maxMs: rounded(Math.max(...recoveryMs)),
    lost,
  };
}
