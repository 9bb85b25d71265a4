import { rounded } from '../figures.js';
import { type Rival, sloS } from '../peers/overload-jobs.js';
import { withPrivateRedis } from '../private-redis.js';
import type { ProofResult } from '../proof.js';
import { atLeast, atMost } from './bounds.js';
import { goThrough, type OverloadFigures, type OverloadPlan } from './overload.js';

/** Half of what critical work may wait. */
const criticalBoundS = 0.5 * sloS;

/** Bulwark and plain BullMQ through the same incident at the same time, each on a Redis of its own: the work is waiting, and takes no processor. */
export async function proveIncident(
  proof: string,
  plan: OverloadPlan,
  { quick }: { readonly quick: boolean },
): Promise<ProofResult> {
  const through = (rival: Rival) => withPrivateRedis(({ url }) => goThrough(rival, plan, url));
  const [ours, fifo, priorities] = await Promise.all([through('bulwark'), through('fifo'), through('priorities')]);
  const overBest = rounded(ours.begunInIncident / Math.max(fifo.begunInIncident, priorities.begunInIncident));
  const { criticalSetAside, reversals } = ours;
  const bulwark = { ...figuresOf(ours), overBest, criticalSetAside, reversals };
  return {
    proof,
    bulwark,
    bullmq: {
      ...figuresOf(fifo),
      criticalP99SWithPriorities: rounded(priorities.criticalP99S),
      sheddableP99SWithPriorities: rounded(priorities.p99S.sheddable),
      leftOverWithPriorities: priorities.leftOver,
    },
    ...(!quick && {
      bounds: {
        criticalP99S: atMost(criticalBoundS, bulwark.criticalP99S),
        goodput: atLeast(0.95, bulwark.goodput),
        reversals: atMost(3, reversals),
        leftOver: atMost(0, ours.leftOver),
        firstClassRefused: atMost(0, ours.firstClassRefused),
      },
    }),
    lost: ours.lost,
  };
}

function figuresOf(figures: OverloadFigures) {
  const { p99S, criticalP99S, begunInIncident, goodput, accepted, refused, firstClassRefused, expired, leftOver } =
    figures;
  return {
    criticalP99S: rounded(criticalP99S),
    criticalPlusP99S: rounded(p99S.critical_plus),
    sheddablePlusP99S: rounded(p99S.sheddable_plus),
    sheddableP99S: rounded(p99S.sheddable),
    begunInIncident,
    goodput: rounded(goodput),
    accepted,
    refused,
    firstClassRefused,
    expired,
    leftOver,
  };
}
