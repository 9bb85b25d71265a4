import { rounded } from '../figures.js';
import { withPrivateRedis } from '../private-redis.js';
import type { Figures, Proof, ProofResult } from '../proof.js';
import { atLeast, atMost } from '../runs/bounds.js';
import { countPoisoned, type Poisoned, type PoisonPlan } from '../runs/poisoning.js';

const plan: PoisonPlan = {
  goodJobs: 100,
  concurrency: 10,
  patienceMs: 180_000,
  /** A fifteenth of its default lease, so that it ends soon; how often a job may be lost is its default. */
  recovery: { lockDuration: 2_000, stalledInterval: 1_000, maxStalledCount: 1 },
};
const quickJobs = 60;

/** What one job that takes its process down costs the others. */
export const poison: Proof = {
  name: 'poison',
  about:
    'one job that kills its process among a hundred good ones: who is done, how often it crashed, how long it took (1 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const goodJobs = quick ? quickJobs : plan.goodJobs;
    const measure = (subject: 'bulwark' | 'bullmq'): Promise<Poisoned> => {
      say(`one poison job among ${goodJobs} good ones, with ${subject} …`);
      return withPrivateRedis(({ url }) => countPoisoned(subject, { ...plan, goodJobs }, url));
    };
    const ours = await measure('bulwark');
    const theirs = await measure('bullmq');
    return {
      proof: 'poison',
      bulwark: figuresOf(ours),
      bullmq: figuresOf(theirs),
      bounds: {
        crashes: atMost(3, ours.crashes),
        goodDone: atLeast(goodJobs, ours.goodDone),
        goodFailed: atMost(0, ours.goodFailed),
      },
      lost: ours.lost,
    };
  },
};

function figuresOf({ seconds, lost: _lost, ...counts }: Poisoned): Figures {
  return { ...counts, seconds: rounded(seconds) };
}
