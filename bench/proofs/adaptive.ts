import { rounded } from '../figures.js';
import type { Proof, Scenario } from '../proof.js';
import { atLeast, atMost } from '../runs/bounds.js';
import { type CrowdFigures, type CrowdPlan, runCrowd } from '../runs/crowd.js';

const knee = 10;
const callMs = 50;
/** What such a dependency can do in a second. */
const bestPerSecond = (knee * 1_000) / callMs;
const maxConcurrency = 40;
/** How far from the best number it may stay. */
const leastOfBest = 0.8;

const situations = [
  { name: 'configured far above what the dependency can take', concurrency: maxConcurrency, leastOfFixed: 1.5 },
  { name: 'configured at half of what the dependency can take', concurrency: knee / 2, leastOfFixed: 1.5 },
  { name: 'configured as it is best', concurrency: knee, leastOfFixed: leastOfBest },
] as const;

/** A worker that finds how many jobs it runs at once, beside one with a fixed number and one with the best number there is. */
export const adaptive: Proof = {
  name: 'adaptive',
  about: `a dependency that does most with ${knee} calls at once: a worker that finds that, beside fixed numbers (2 min)`,
  run: async (say, { quick }) => {
    const [learnS, measureS] = quick ? [2, 2] : [25, 15];
    const plan: CrowdPlan = { learnS, measureS, jobs: 1.5 * bestPerSecond * (learnS + measureS) };
    const scenarios: Scenario[] = [];
    for (const situation of situations) {
      say(`${situation.name}: ${situation.concurrency} jobs at once`);
      scenarios.push(await compare(situation, plan, quick));
    }
    const worst = (figure: string) => Math.min(...scenarios.map(({ ratio = {} }) => ratio[figure] ?? 0));
    return {
      proof: 'adaptive',
      bulwark: { ofBestFixed: worst('ofBestFixed'), ofConfigured: worst('ofConfigured') },
      scenarios,
      lost: scenarios.reduce((sum, { lost }) => sum + lost, 0),
    };
  },
};

/** All at the same time, each on a Redis of its own: the work is waiting, and takes hardly any processor. */
async function compare(
  { name, concurrency, leastOfFixed }: (typeof situations)[number],
  plan: CrowdPlan,
  quick: boolean,
): Promise<Scenario> {
  const worker = { subject: 'bulwark', concurrency, knee, callMs } as const;
  const [found, fixed, best, bullmq] = await Promise.all([
    runCrowd({ ...worker, maxConcurrency }, plan),
    runCrowd(worker, plan),
    runCrowd({ ...worker, concurrency: knee }, plan),
    runCrowd({ ...worker, subject: 'bullmq' }, plan),
  ]);
  const ratio = {
    ofBestFixed: rounded(found.perSecondThen / best.perSecondThen),
    ofConfigured: rounded(found.perSecondThen / fixed.perSecondThen),
    ofConfiguredFromTheStart: rounded(found.perSecond / fixed.perSecond),
  };
  const lost = found.lost + fixed.lost + best.lost;
  return {
    name,
    bulwark: {
      ...figuresOf(found),
      perSecondFixed: rounded(fixed.perSecondThen),
      perSecondBest: rounded(best.perSecondThen),
    },
    bullmq: figuresOf(bullmq),
    ratio,
    ...(!quick && {
      bounds: {
        'ratio.ofBestFixed': atLeast(leastOfBest, ratio.ofBestFixed),
        'ratio.ofConfigured': atLeast(leastOfFixed, ratio.ofConfigured),
        lost: atMost(0, lost),
      },
    }),
    lost,
  };
}

function figuresOf({ perSecond, perSecondThen, limit }: CrowdFigures) {
  return { perSecond: rounded(perSecond), perSecondThen: rounded(perSecondThen), limit };
}
