import { withPrivateRedis } from '../private-redis.js';
import type { Figures, Proof, ProofResult } from '../proof.js';
import { atLeast, atMost } from '../runs/bounds.js';
import type { CallingSubject } from '../runs/calling-pool.js';
import { goThroughOutage, type Outage, type OutagePlan } from '../runs/outages.js';

/**
 * What comes during an outage of a minute cannot be done in half a minute at twice the usual calls, least of all with a gentle beginning: jobs
 * that call the dependency come for the first part of it only.
 */
const plan: OutagePlan = {
  jobs: 10_000,
  beforeMs: 40_000,
  hangsMs: 30_000,
  refusesMs: 30_000,
  callsComeForMs: 15_000,
  patienceMs: 60_000,
};
const quickPlan: OutagePlan = {
  jobs: 400,
  beforeMs: 7_000,
  hangsMs: 3_000,
  refusesMs: 3_000,
  callsComeForMs: 1_000,
  patienceMs: 30_000,
};
const bounds = { othersOverBefore: 0.9, callsOfJobs: 0.01, secondsUntilDone: 30, peakOverSteady: 2 };

/** What a dependency that is away for a minute costs the jobs that need it, those that do not, and itself. */
export const outage: Proof = {
  name: 'outage',
  about: 'a dependency hangs for 30 s and refuses for 30 s: what others lose, who calls it, when all is done (5 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const own = quick ? quickPlan : plan;
    const measure = (subject: CallingSubject): Promise<Outage> => {
      say(
        `${own.jobs} jobs, of which half call a dependency, with ${subject}; the last of those come ${own.callsComeForMs / 1_000} s into the outage …`,
      );
      return withPrivateRedis(({ url }) => goThroughOutage(subject, own, url, say));
    };
    const ours = await measure('bulwark');
    const theirs = await measure('bullmq');
    return {
      proof: 'outage',
      bulwark: figuresOf(ours, own),
      bullmq: figuresOf(theirs, own),
      ...(!quick && {
        bounds: {
          othersOverBefore: atLeast(bounds.othersOverBefore, ours.othersOverBefore),
          // What is late while it hangs may be made up for later, and then the mean hides it.
          othersOverBeforeWhileHanging: atLeast(bounds.othersOverBefore, ours.othersOverBeforeWhileHanging),
          othersOverBeforeWhileRefusing: atLeast(bounds.othersOverBefore, ours.othersOverBeforeWhileRefusing),
          callsWhileDown: atMost(bounds.callsOfJobs * own.jobs, ours.callsWhileDown),
          secondsUntilDone: atMost(bounds.secondsUntilDone, ours.secondsUntilDone),
          peakCallsAfter: atMost(bounds.peakOverSteady * ours.steadyCallsPerSecond, ours.peakCallsAfter),
          failed: atMost(0, ours.failed),
        },
      }),
      lost: ours.lost,
    };
  },
};

function figuresOf({ lost: _lost, ...figures }: Outage, { jobs, callsComeForMs }: OutagePlan): Figures {
  return { jobs, callsComeForSeconds: callsComeForMs / 1_000, ...figures };
}
