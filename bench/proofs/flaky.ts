import type { ShopSecond } from '../faults/flaky-shop.js';
import { rounded } from '../figures.js';
import { withPrivateRedis } from '../private-redis.js';
import type { Figures, Proof, ProofResult } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { atOnce, type FlakyPlan, type FlakyRun, runFlaky } from '../runs/flakiness.js';

const plan: FlakyPlan = { perSecond: 100, flakySeconds: 60, trafficSeconds: 180, patienceMs: 300_000 };
const quickPlan: FlakyPlan = { ...plan, flakySeconds: 5, trafficSeconds: 10, patienceMs: 60_000 };

/** What a retry budget holds, what a first attempt brings in and what a second does: Bulwark's defaults. */
const budget = { held: 100, perFirst: 0.2, perSecond: 1 };

/** What retries do to a dependency that fails a part of its calls. */
export const flaky: Proof = {
  name: 'flaky',
  about:
    'a dependency that fails 30 to 60 % of its calls for a minute: how many calls retries add, and what is lost (7 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const own = quick ? quickPlan : plan;
    const measure = (subject: 'bulwark' | 'bullmq'): Promise<FlakyRun> => {
      say(
        `${own.perSecond * own.trafficSeconds} jobs whose dependency fails for ${own.flakySeconds} s, with ${subject} …`,
      );
      return withPrivateRedis(({ url }) => runFlaky(subject, own, url));
    };
    const ours = await measure('bulwark');
    const theirs = await measure('bullmq');
    const most = mostOfBudget(ours.seconds);
    return {
      proof: 'flaky',
      bulwark: { ...figuresOf(ours, own), mostOfBudget: rounded(most) },
      bullmq: figuresOf(theirs, own),
      bounds: { mostOfBudget: atMost(1, most), failed: atMost(0, ours.failed) },
      lost: ours.lost,
    };
  },
};

function figuresOf({ jobs, done, failed, seconds, caughtUpAfter }: FlakyRun, { flakySeconds }: FlakyPlan): Figures {
  const whole = sumOf(seconds);
  const bad = sumOf(seconds.slice(0, flakySeconds));
  return {
    jobs,
    done,
    failed,
    calls: whole.first + whole.again,
    retries: whole.again,
    retriesWhileFlaky: bad.again,
    retriesPerFirstWhileFlaky: rounded(bad.again / bad.first),
    failedCalls: whole.failed,
    peakCallsPerSecond: Math.max(...seconds.map(({ first, again }) => first + again)),
    secondsToCatchUp: caughtUpAfter,
  };
}

function sumOf(seconds: readonly ShopSecond[]): ShopSecond {
  const sum = { first: 0, again: 0, failed: 0 };
  for (const { first, again, failed } of seconds) {
    sum.first += first;
    sum.again += again;
    sum.failed += failed;
  }
  return sum;
}

/**
 * The largest part of what a budget had to give that retries had taken, at the end of any second: above 1 it was exceeded. First attempts bring
 * in when they start, a moment before the shop sees them: as many as run at once may be on their way.
 */
function mostOfBudget(seconds: readonly ShopSecond[]): number {
  return Math.max(
    ...seconds.map((_, index) => {
      const { first, again } = sumOf(seconds.slice(0, index + 1));
      return again / (budget.held + budget.perFirst * (first + atOnce) + budget.perSecond * (index + 1));
    }),
  );
}
