import { withPrivateRedis } from '../private-redis.js';
import type { Figures, Proof, ProofResult } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { type BrokenEgress, type BrokenEgressPlan, breakEgress } from '../runs/broken-egress.js';
import type { CallingSubject } from '../runs/calling-pool.js';

const plan: BrokenEgressPlan = {
  workers: 5,
  jobs: 3_000,
  beforeMs: 10_000,
  brokenMs: 50_000,
  patienceMs: 60_000,
};
const quickPlan: BrokenEgressPlan = { ...plan, jobs: 300, beforeMs: 2_000, brokenMs: 4_000, patienceMs: 30_000 };
const mostSecondsUntilOpen = 10;
/** Now and then it tries one call: after 2, 4 and then every 5 s, or a fifth sooner. */
const mostProbes = 14;

/** What one worker does to the others that cannot reach what all of them need. */
export const oneBadWorker: Proof = {
  name: 'one-bad-worker',
  about: 'one of five workers cannot reach a dependency any more: who notices, what it still calls, what fails (2 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const own = quick ? quickPlan : plan;
    const measure = (subject: CallingSubject): Promise<BrokenEgress> => {
      say(
        `${2 * own.jobs} jobs, of which half call what one of ${own.workers} workers cannot reach, with ${subject} …`,
      );
      return withPrivateRedis(({ url }) => breakEgress(subject, own, url));
    };
    const ours = await measure('bulwark');
    const theirs = await measure('bullmq');
    return {
      proof: 'one-bad-worker',
      bulwark: figuresOf(ours, own),
      bullmq: figuresOf(theirs, own),
      ...(!quick && {
        bounds: {
          fleetNotClosed: atMost(0, ours.fleetNotClosed),
          secondsUntilOwnOpen: atMost(mostSecondsUntilOpen, ours.secondsUntilOwnOpen),
          callsAfterOwnOpen: atMost(mostProbes, ours.callsAfterOwnOpen),
          failed: atMost(0, ours.failed),
        },
      }),
      lost: ours.lost,
    };
  },
};

function figuresOf({ lost: _lost, ...figures }: BrokenEgress, { jobs }: BrokenEgressPlan): Figures {
  return { jobs: 2 * jobs, ...figures };
}
