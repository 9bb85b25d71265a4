import { rounded } from '../figures.js';
import { classes, type Rival } from '../peers/overload-jobs.js';
import { withPrivateRedis } from '../private-redis.js';
import type { Figures, Proof, ProofResult } from '../proof.js';
import { atLeast, atMost } from '../runs/bounds.js';
import { fillUp, type MemoryFigures } from '../runs/memory.js';

const stages = [0.72, 0.82, 0.92] as const;
const limited = { appendonly: 'no', save: '', maxmemory: '96mb', 'maxmemory-policy': 'noeviction' };

/** Whether a Redis whose memory fills up refuses the least important work first, and never a write of the first class. */
export const memory: Proof = {
  name: 'memory',
  about:
    'the memory of Redis at 72, 82 and 92 % of its limit, then a flood: who is refused, and what Redis deletes where it may (4 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const plan = quick ? { stages, lookS: 1, floodS: 2 } : { stages, lookS: 5, floodS: 45 };
    const through = (rival: Rival, policy: string) =>
      withPrivateRedis(({ url }) => fillUp(rival, { ...plan, policy }, url), limited);
    say(`filling the memory of Redis, and then ${plan.floodS} s of three times the capacity in jobs of 8 KiB …`);
    // By the policy that Bulwark asks for nothing is ever deleted: whether the memory stays below its limit shows where Redis would delete.
    const [ours, evicting, theirs, theirsEvicting] = await Promise.all([
      through('bulwark', 'noeviction'),
      through('bulwark', 'allkeys-lru'),
      through('priorities', 'noeviction'),
      through('priorities', 'allkeys-lru'),
    ]);
    const figures: Figures = { ...figuresOf(ours), ...figuresWhereDeleted(evicting) };
    return {
      proof: 'memory',
      bulwark: figures,
      bullmq: { ...figuresOf(theirs), ...figuresWhereDeleted(theirsEvicting) },
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
          evicted: atMost(0, evicting.evicted),
          'firstClassFailed, allkeys-lru': atMost(0, evicting.firstClassFailed),
          'writesFailed, allkeys-lru': atMost(0, evicting.writesFailed),
        },
      }),
      lost: ours.lost + evicting.lost,
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
  const { firstClassFailed, writesFailed, highestRatio } = figures;
  return { ...Object.fromEntries(taken), firstClassFailed, writesFailed, highestRatio: rounded(highestRatio) };
}

/** Of the run by the policy that lets Redis delete what nobody has used for long. */
function figuresWhereDeleted({ evicted, firstClassFailed, writesFailed }: MemoryFigures): Figures {
  return { evicted, 'firstClassFailed, allkeys-lru': firstClassFailed, 'writesFailed, allkeys-lru': writesFailed };
}
