import { rounded } from '../figures.js';
import type { Subject } from '../peers/subject.js';
import { type PrivateRedis, withPrivateRedis } from '../private-redis.js';
import type { Bound, Comparison, Proof, ProofResult, Scenario } from '../proof.js';
import { QueueGauge } from '../queue-gauge.js';
import { compare } from '../runs/compare.js';
import { type DrainPlan, drain } from '../runs/drain.js';

interface Situation {
  readonly name: string;
  readonly subjects: readonly Subject[];
  readonly rounds: number;
  readonly plan: DrainPlan;
}

const everybody: readonly Subject[] = ['bulwark', 'bullmq', 'bee-queue'];
const ourselvesAndBullmq: readonly Subject[] = ['bulwark', 'bullmq'];

/** The job of the headline: a worker with 50 slots, 1 KB payload, as many completed jobs kept as Bulwark keeps by default. */
export const headline: DrainPlan = {
  concurrency: 50,
  processes: 1,
  payloadBytes: 1_024,
  jobs: 40_000,
  portion: 40_000,
  backlog: 0,
  held: 0,
  warmUp: 12_000,
};
const shorter = { ...headline, jobs: 15_000, portion: 15_000 };

const situations = {
  concurrency50: { name: 'concurrency 50', subjects: everybody, rounds: 5, plan: headline },
  concurrency1: {
    name: 'concurrency 1',
    subjects: everybody,
    rounds: 3,
    plan: { ...headline, concurrency: 1, jobs: 8_000, portion: 8_000 },
  },
  fourWorkers: {
    name: '4 worker processes',
    subjects: everybody,
    rounds: 3,
    plan: { ...headline, processes: 4 },
  },
  payload10: {
    name: 'payload 10 KB',
    subjects: everybody,
    rounds: 3,
    plan: { ...shorter, payloadBytes: 10_240 },
  },
  payload100: {
    name: 'payload 100 KB',
    subjects: everybody,
    rounds: 3,
    plan: { ...shorter, payloadBytes: 102_400, jobs: 3_000, portion: 3_000 },
  },
  waiting1k: {
    name: '1,000 waiting',
    subjects: ourselvesAndBullmq,
    rounds: 3,
    plan: { ...shorter, portion: 1_000 },
  },
  waiting100k: {
    name: '100,000 waiting',
    subjects: ourselvesAndBullmq,
    rounds: 3,
    plan: { ...shorter, backlog: 100_000 },
  },
  active1: {
    name: '1 other active',
    subjects: ourselvesAndBullmq,
    rounds: 3,
    plan: { ...shorter, held: 1 },
  },
  active1000: {
    name: '1,000 others active',
    subjects: ourselvesAndBullmq,
    rounds: 3,
    plan: { ...shorter, held: 1_000 },
  },
} satisfies Readonly<Record<string, Situation>>;

const leastAtConcurrency50 = 1.8;
const leastAtConcurrency1 = 1.2;
const mostRedisCpu = 0.5;
/** What a job may cost Redis when the queue is a hundred or a thousand times longer: flat, but for the noise and for colder memory. */
const mostGrowth = 1.25;

/** How many jobs a second one Redis and its workers finish, and what each costs them. */
export const throughput: Proof = {
  name: 'throughput',
  about: 'jobs a second, and time of Redis and Node per job, in nine situations (8 min)',
  run: (say, { quick }) =>
    withPrivateRedis(async (redis): Promise<ProofResult> => {
      const gauge = new QueueGauge(redis.url);
      await gauge.connect();
      try {
        const found = new Map<string, Scenario>();
        for (const [key, situation] of Object.entries<Situation>(situations)) {
          const asked = quick ? { ...situation, rounds: 1, plan: shortened(situation.plan) } : situation;
          found.set(key, { name: situation.name, ...(await measure(asked, redis, gauge, say)) });
        }
        return summary((key) => found.get(key) as Scenario);
      } finally {
        gauge.close();
      }
    }),
};

function measure(
  { name, subjects, rounds, plan }: Situation,
  redis: PrivateRedis,
  gauge: QueueGauge,
  say: (line: string) => void,
): Promise<Comparison> {
  return compare(subjects, rounds, async (subject, round) => {
    const sample = await drain(subject, plan, redis, gauge);
    const { jobsPerSecond = 0, redisCpuPerJob = 0, nodeCpuPerJob = 0 } = sample.figures;
    say(
      `${name}, round ${round} of ${rounds}, ${subject}: ${Math.round(jobsPerSecond)} jobs/s, ${rounded(redisCpuPerJob)} µs of Redis, ${rounded(nodeCpuPerJob)} µs of Node`,
    );
    return sample;
  });
}

/** The same with a hundredth of the work. */
export function shortened(plan: DrainPlan): DrainPlan {
  return {
    ...plan,
    jobs: plan.jobs / 100,
    portion: plan.portion / 100,
    backlog: plan.backlog / 100,
    held: Math.ceil(plan.held / 100),
    warmUp: 50,
  };
}

/** The headline is the first situation; what the others promise stands beside it. */
function summary(of: (situation: keyof typeof situations) => Scenario): ProofResult {
  const { name: _name, ...first } = of('concurrency50');
  const ratio = {
    ...first.ratio,
    jobsPerSecondAtConcurrency1: of('concurrency1').ratio?.['jobsPerSecond'] ?? Number.NaN,
    redisCpuPerJobWith4Workers: of('fourWorkers').ratio?.['redisCpuPerJob'] ?? Number.NaN,
    jobsPerSecondWith4Workers: of('fourWorkers').ratio?.['jobsPerSecond'] ?? Number.NaN,
  };
  const growth = (peer: 'bulwark' | 'bullmq') => ({
    redisGrowth100kWaiting: grown(peer, of('waiting1k'), of('waiting100k')),
    redisGrowth1kActive: grown(peer, of('active1'), of('active1000')),
  });
  const bulwark = { ...first.bulwark, ...growth('bulwark') };
  return {
    proof: 'throughput',
    ...first,
    bulwark,
    bullmq: { ...first.bullmq, ...growth('bullmq') },
    ratio,
    bounds: {
      'ratio.jobsPerSecond': atLeast(leastAtConcurrency50, first.ratio?.['jobsPerSecond']),
      'ratio.jobsPerSecondAtConcurrency1': atLeast(leastAtConcurrency1, ratio.jobsPerSecondAtConcurrency1),
      'ratio.redisCpuPerJob': atMost(mostRedisCpu, first.ratio?.['redisCpuPerJob']),
      'ratio.redisCpuPerJobWith4Workers': atMost(mostRedisCpu, ratio.redisCpuPerJobWith4Workers),
      redisGrowth100kWaiting: atMost(mostGrowth, bulwark.redisGrowth100kWaiting),
      redisGrowth1kActive: atMost(mostGrowth, bulwark.redisGrowth1kActive),
    },
    lost: Object.keys(situations).reduce((sum, key) => sum + of(key as keyof typeof situations).lost, 0),
    scenarios: Object.keys(situations).map((key) => of(key as keyof typeof situations)),
  };
}

/** What a job costs Redis in one situation over what it costs in another. */
function grown(peer: 'bulwark' | 'bullmq', from: Comparison, to: Comparison): number {
  return rounded(Number(to[peer]?.['redisCpuPerJob']) / Number(from[peer]?.['redisCpuPerJob']));
}

function atLeast(limit: number, value: number | undefined): Bound {
  return { limit, held: value !== undefined && value >= limit };
}

function atMost(limit: number, value: number | undefined): Bound {
  return { limit, held: value !== undefined && value <= limit };
}
