import { rounded } from '../figures.js';
import type { Proof, Scenario } from '../proof.js';
import { atLeast } from '../runs/bounds.js';
import { type CrowdFigures, runCrowd } from '../runs/crowd.js';

interface Situation {
  readonly name: string;
  readonly workers: number;
  /** Of each worker. */
  readonly concurrency: number;
  /** How many calls at once the dependency is best with. */
  readonly knee: number;
  readonly learnS: number;
  readonly measureS: number;
  /** How much of what the best fixed number does has to be done, and of what the configured one does. */
  readonly leastOfBest: number;
  readonly leastOfConfigured: number;
}

const callMs = 50;
const maxConcurrency = 40;
const alone = { workers: 1, knee: 10, learnS: 25, measureS: 15, leastOfBest: 0.8 };

const farAbove: Situation = {
  ...alone,
  name: 'configured at four times what the dependency can take',
  concurrency: 40,
  leastOfConfigured: 1.5,
};
const half: Situation = {
  ...alone,
  name: 'configured at half of what the dependency can take',
  concurrency: 5,
  leastOfConfigured: 1.5,
};
const best: Situation = { ...alone, name: 'configured as it is best', concurrency: 10, leastOfConfigured: 0.8 };
/** Together they learn in a lull at the start of a minute how fast jobs can be, and then have to step back. */
const together: Situation = {
  name: 'four workers, configured at two and a half times what the dependency can take',
  workers: 4,
  concurrency: 10,
  knee: 16,
  learnS: 85,
  measureS: 15,
  leastOfBest: 0.7,
  leastOfConfigured: 1.5,
};
/** The situations of a round go through it at the same time. */
const rounds: readonly (readonly Situation[])[] = [[farAbove], [half, best], [together]];

/** Workers that find how many jobs they run at once, beside such with a fixed number and with the best number there is. */
export const adaptive: Proof = {
  name: 'adaptive',
  about:
    'a dependency that gets less done the more calls it has: workers that find how many are best, beside fixed numbers (3 min)',
  run: async (say, { quick }) => {
    const scenarios: Scenario[] = [];
    for (const round of rounds) {
      for (const { name } of round) say(name);
      scenarios.push(...(await Promise.all(round.map((situation) => compare(situation, quick)))));
    }
    const worst = (figure: string) => Math.min(...scenarios.map(({ ratio = {} }) => ratio[figure] ?? 0));
    return {
      proof: 'adaptive',
      bulwark: { leastOfBestFixed: worst('ofBestFixed'), leastOfConfigured: worst('ofConfigured') },
      scenarios,
      lost: scenarios.reduce((sum, { lost }) => sum + lost, 0),
    };
  },
};

/** All at the same time, each on a Redis of its own: the work is waiting, and takes hardly any processor. */
async function compare(situation: Situation, quick: boolean): Promise<Scenario> {
  const { name, workers, concurrency, knee, leastOfBest, leastOfConfigured } = situation;
  const [learnS, measureS] = quick ? [2, 2] : [situation.learnS, situation.measureS];
  const plan = { learnS, measureS, jobs: ((1.5 * knee * 1_000) / callMs) * (learnS + measureS) };
  const fixed = { subject: 'bulwark', workers, concurrency, knee, callMs } as const;
  const [found, configured, bestFixed, bullmq] = await Promise.all([
    runCrowd({ ...fixed, maxConcurrency }, plan),
    runCrowd(fixed, plan),
    runCrowd({ ...fixed, concurrency: knee / workers }, plan),
    runCrowd({ ...fixed, subject: 'bullmq' }, plan),
  ]);
  const ratio = {
    ofBestFixed: rounded(found.perSecondThen / bestFixed.perSecondThen),
    ofConfigured: rounded(found.perSecondThen / configured.perSecondThen),
    ofConfiguredFromTheStart: rounded(found.perSecond / configured.perSecond),
  };
  return {
    name,
    bulwark: {
      ...figuresOf(found),
      perSecondConfigured: rounded(configured.perSecondThen),
      perSecondBestFixed: rounded(bestFixed.perSecondThen),
    },
    bullmq: figuresOf(bullmq),
    ratio,
    ...(!quick && {
      bounds: {
        'ratio.ofBestFixed': atLeast(leastOfBest, ratio.ofBestFixed),
        'ratio.ofConfigured': atLeast(leastOfConfigured, ratio.ofConfigured),
      },
    }),
    lost: found.lost + configured.lost + bestFixed.lost,
  };
}

function figuresOf({ perSecond, perSecondThen, limit }: CrowdFigures) {
  return { perSecond: rounded(perSecond), perSecondThen: rounded(perSecondThen), limit };
}
