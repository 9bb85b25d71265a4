import { median, rounded, spread } from '../figures.js';
import { type MeasuredRedis, withMeasuredRedis } from '../measured-redis.js';
import type { Pace } from '../peers/subject.js';
import type { Proof, ProofResult } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { type DrainPlan, drain } from '../runs/drain.js';
import { countIdleCommands } from '../runs/idle-commands.js';
import { headline, shortened } from './throughput-situations.js';

const rounds = 9;
/** Long enough for several beats in each. */
const plan: DrainPlan = { ...headline, jobs: 120_000, portion: 120_000 };
/** So rare that none comes within a run. */
const rare: Pace = { beatMs: '1m', leaseMs: '1h', leaseRenewMs: '20m' };
const windowMs = 40_000;
const mostCost = 0.02;
const mostCommands = 3;

/** What it costs a worker to beat, to renew its leases and to have its guard look after it. */
export const cost: Proof = {
  name: 'cost',
  about: 'what beats, renewals and guard take of throughput, and what an idle worker asks of Redis (4 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const drains = await withMeasuredRedis((redis) => alternate(redis, quick, say));
    const idle = await countIdleCommands(quick ? 2_000 : windowMs);
    const figures = {
      jobsPerSecond: rounded(median(drains.usual.map((each) => each.jobsPerSecond))),
      jobsPerSecondWithoutBeats: rounded(median(drains.bare.map((each) => each.jobsPerSecond))),
      throughputCost: share(drains, 'jobsPerSecond', (usual, bare) => 1 - usual / bare),
      nodeCpuCost: share(drains, 'nodeCpuPerJob', (usual, bare) => usual / bare - 1),
      redisCpuCost: share(drains, 'redisCpuPerJob', (usual, bare) => usual / bare - 1),
      idleCommandsPerSecond: rounded(idle.commandsPerSecond),
      idleCallsPerSecond: rounded(idle.callsPerSecond),
    };
    return {
      proof: 'cost',
      bulwark: figures,
      noise: { throughputCost: rounded(spread(drains.usual.map((each) => each.jobsPerSecond))) },
      ...(!quick && {
        bounds: {
          throughputCost: atMost(mostCost, figures.throughputCost),
          idleCommandsPerSecond: atMost(mostCommands, figures.idleCommandsPerSecond),
        },
      }),
      lost: drains.lost,
    };
  },
};

type Drained = Awaited<ReturnType<typeof drain>>['figures'];

interface Drains {
  readonly usual: Drained[];
  readonly bare: Drained[];
  readonly lost: number;
}

/** In turn, and each first as often as second, so that whatever else happens on the machine happens to both. */
async function alternate(redis: MeasuredRedis, quick: boolean, say: (line: string) => void): Promise<Drains> {
  const asked = quick ? shortened(plan) : plan;
  const found = { usual: [] as Drained[], bare: [] as Drained[], lost: 0 };
  for (let round = 1; round <= (quick ? 1 : rounds); round++) {
    const order = round % 2 === 0 ? (['usual', 'bare'] as const) : (['bare', 'usual'] as const);
    for (const kind of order) {
      const sample = await drain('bulwark', kind === 'bare' ? { ...asked, pace: rare } : asked, redis);
      found[kind].push(sample.figures);
      found.lost += sample.lost;
      say(
        `round ${round}, ${kind === 'bare' ? 'hardly any beats' : 'as shipped'}: ${rounded(sample.figures.jobsPerSecond)} jobs/s`,
      );
    }
  }
  return found;
}

/** The middle of what the rounds say, each compared with its neighbour. Below zero: less than what the machine varies by. */
function share(
  { usual, bare }: Drains,
  figure: keyof Drained,
  compare: (usual: number, bare: number) => number,
): number {
  return (
    Math.round(
      median(usual.map((each, round) => compare(each[figure], bare[round]?.[figure] ?? Number.NaN))) * 10_000,
    ) / 10_000
  );
}
