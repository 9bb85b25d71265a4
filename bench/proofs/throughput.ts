import { rounded } from '../figures.js';
import { type MeasuredRedis, withMeasuredRedis } from '../measured-redis.js';
import type { Bound, Comparison, Proof, ProofResult, Scenario } from '../proof.js';
import { atLeast, atMost } from '../runs/bounds.js';
import { compare } from '../runs/compare.js';
import { drain } from '../runs/drain.js';
import { quickened, type Situation, type SituationName, situations } from './throughput-situations.js';

const leastAtConcurrency50 = 1.8;
const leastAtConcurrency1 = 1.2;
const mostRedisCpu = 0.5;
const leastWithKeys = 1.6;
const leastWithKeysOverWithout = 0.9;
/** What a job may cost Redis in a queue a hundred or a thousand times as long: as much, but for noise and for memory that is not in the cache. */
const mostGrowth = 1.25;

type Found = Readonly<Record<SituationName, Scenario>>;

/** How many jobs a second one Redis and its workers finish, and what each costs them. */
export const throughput: Proof = {
  name: 'throughput',
  about: 'jobs a second, and time of Redis and Node per job, in eleven situations (8 min)',
  run: (say, { quick }) =>
    withMeasuredRedis(async (redis): Promise<ProofResult> => {
      const scenarios: [string, Scenario][] = [];
      for (const [key, situation] of Object.entries<Situation>(situations)) {
        const asked = quick ? quickened(situation) : situation;
        scenarios.push([key, { name: situation.name, ...(await measure(asked, redis, say)) }]);
      }
      const result = summary(Object.fromEntries(scenarios) as Found);
      return quick ? result : { ...result, bounds: promises(result) };
    }),
};

function measure(
  { name, subjects, rounds, plan }: Situation,
  redis: MeasuredRedis,
  say: (line: string) => void,
): Promise<Comparison> {
  return compare(subjects, rounds, async (subject, round) => {
    const sample = await drain(subject, plan, redis);
    const { jobsPerSecond, redisCpuPerJob, nodeCpuPerJob } = sample.figures;
    say(
      `${name}, round ${round} of ${rounds}, ${subject}: ${rounded(jobsPerSecond)} jobs/s, ${rounded(redisCpuPerJob)} µs of Redis, ${rounded(nodeCpuPerJob)} µs of Node`,
    );
    return sample;
  });
}

/** The headline is the first situation; what else is promised stands beside it. */
function summary(found: Found): ProofResult {
  const { name: _name, ...first } = found.concurrency50;
  const growth = (peer: 'bulwark' | 'bullmq') => ({
    redisGrowth100kWaiting: grown(peer, found.waiting1k, found.waiting100k),
    redisGrowth1kActive: grown(peer, found.active1, found.active1000),
  });
  return {
    proof: 'throughput',
    ...first,
    bulwark: { ...first.bulwark, ...growth('bulwark') },
    bullmq: { ...first.bullmq, ...growth('bullmq') },
    ratio: {
      ...first.ratio,
      jobsPerSecondAtConcurrency1: Number(found.concurrency1.ratio?.['jobsPerSecond']),
      jobsPerSecondWith4Workers: Number(found.fourWorkers.ratio?.['jobsPerSecond']),
      jobsPerSecondWithKeys: Number(found.keyed.ratio?.['jobsPerSecond']),
      jobsPerSecondWithKeysOverWithout: withKeysOverWithout(found),
      redisCpuPerJobWith4Workers: Number(found.fourWorkers.ratio?.['redisCpuPerJob']),
    },
    lost: Object.values(found).reduce((sum, { lost }) => sum + lost, 0),
    scenarios: Object.values(found),
  };
}

function promises({ bulwark, ratio = {} }: ProofResult): Readonly<Record<string, Bound>> {
  return {
    'ratio.jobsPerSecond': atLeast(leastAtConcurrency50, ratio['jobsPerSecond']),
    'ratio.jobsPerSecondAtConcurrency1': atLeast(leastAtConcurrency1, ratio['jobsPerSecondAtConcurrency1']),
    'ratio.redisCpuPerJob': atMost(mostRedisCpu, ratio['redisCpuPerJob']),
    'ratio.redisCpuPerJobWith4Workers': atMost(mostRedisCpu, ratio['redisCpuPerJobWith4Workers']),
    'ratio.jobsPerSecondWithKeys': atLeast(leastWithKeys, ratio['jobsPerSecondWithKeys']),
    'ratio.jobsPerSecondWithKeysOverWithout': atLeast(
      leastWithKeysOverWithout,
      ratio['jobsPerSecondWithKeysOverWithout'],
    ),
    redisGrowth100kWaiting: atMost(mostGrowth, bulwark['redisGrowth100kWaiting']),
    redisGrowth1kActive: atMost(mostGrowth, bulwark['redisGrowth1kActive']),
  };
}

/** Jobs a second with keys over those without; each situation has plain BullMQ beside it, so that their moments can be compared. */
function withKeysOverWithout({ concurrency50, keyed }: Found): number {
  return rounded(Number(keyed.ratio?.['jobsPerSecond']) / Number(concurrency50.ratio?.['jobsPerSecond']));
}

/** What a job costs Redis in one situation over what it costs in another. */
function grown(peer: 'bulwark' | 'bullmq', from: Comparison, to: Comparison): number {
  return rounded(Number(to[peer]?.['redisCpuPerJob']) / Number(from[peer]?.['redisCpuPerJob']));
}
