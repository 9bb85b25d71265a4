import { rounded } from '../figures.js';
import { classes, type Rival } from '../peers/overload-jobs.js';
import { withPrivateRedis } from '../private-redis.js';
import type { Figures, Proof, ProofResult } from '../proof.js';
import { atLeast, atMost } from '../runs/bounds.js';
import { fillUp, type MemoryFigures, type MemoryPlan } from '../runs/memory.js';

const stages = [0.72, 0.82, 0.92] as const;
const limited = { appendonly: 'no', save: '', maxmemory: '96mb', 'maxmemory-policy': 'noeviction' };

/** Whether a Redis whose memory fills up refuses the least important work first, and never a write of the first class. */
export const memory: Proof = {
  name: 'memory',
  about: 'the memory of Redis at 72, 82 and 92 % of its limit, then a flood: who is refused (3 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const plan: MemoryPlan = quick ? { stages, lookS: 1, floodS: 2 } : { stages, lookS: 5, floodS: 45 };
    const through = (rival: Rival) => withPrivateRedis(({ url }) => fillUp(rival, plan, url), limited);
    say(`filling the memory of Redis, and then ${plan.floodS} s of three times the capacity in jobs of 8 KiB …`);
    const [ours, theirs] = await Promise.all([through('bulwark'), through('priorities')]);
    const figures = figuresOf(ours);
    return {
      proof: 'memory',
      bulwark: figures,
      bullmq: figuresOf(theirs),
      ...(!quick && {
        bounds: {
          'sheddable taken at 72 %': atMost(0, figures['sheddable taken at 72 %']),
          'sheddable_plus taken at 72 %': atLeast(1, figures['sheddable_plus taken at 72 %']),
          'sheddable_plus taken at 82 %': atMost(0, figures['sheddable_plus taken at 82 %']),
          'critical taken at 82 %': atLeast(1, figures['critical taken at 82 %']),
          'critical taken at 92 %': atMost(0, figures['critical taken at 92 %']),
          'critical_plus taken at 92 %': atLeast(1, figures['critical_plus taken at 92 %']),
          firstClassFailed: atMost(0, ours.firstClassFailed),
          writesFailed: atMost(0, ours.writesFailed),
          evicted: atMost(0, ours.evicted),
        },
      }),
      lost: ours.lost,
    };
  },
};

function figuresOf(figures: MemoryFigures): Figures {
  const taken = stages.flatMap((stage, index) =>
    classes.map((each) => [
      `${each} taken at ${Math.round(stage * 100)} %`,
      rounded(figures.stages[index]?.taken[each] ?? 0),
    ]),
  );
  const { firstClassFailed, writesFailed, highestRatio, evicted } = figures;
  return { ...Object.fromEntries(taken), firstClassFailed, writesFailed, highestRatio: rounded(highestRatio), evicted };
}
