import { rounded } from '../figures.js';
import { type MeasuredRedis, withMeasuredRedis } from '../measured-redis.js';
import { subjects } from '../peers/subject.js';
import type { Proof, ProofResult, Scenario } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { compare, type Sample } from '../runs/compare.js';
import { drain } from '../runs/drain.js';
import { measureWaits } from '../runs/waits.js';
import { headline, shortened } from './throughput-situations.js';

type Say = (line: string) => void;

/** One at a time, far enough apart for everybody to be idle again. */
const alone = { rounds: 5, warmUp: 200, jobs: 1_000, gapMs: 5 };
/** At half of the maximum, which every round finds anew. */
const busy = { rounds: 3, warmUpSeconds: 2, seconds: 4 };
const payloadBytes = 1_024;
const { concurrency } = headline;
const mostP99Ms = 10;

/** How long a job waits for its handler although a slot is free: from the call of enqueue to the start of the handler. */
export const latency: Proof = {
  name: 'latency',
  about: 'from enqueue to the start of the handler, idle and at half of the maximum (4 min)',
  run: (say, { quick }) =>
    withMeasuredRedis(async (redis): Promise<ProofResult> => {
      const idle = await oneAtATime(redis, say, quick);
      const half = await atHalf(redis, say, quick);
      const p99MsAtHalf = Number(half.bulwark['p99Ms']);
      const { name: _name, ...first } = idle;
      return {
        proof: 'latency',
        ...first,
        bulwark: { ...idle.bulwark, p99MsAtHalf },
        bullmq: { ...idle.bullmq, p99MsAtHalf: Number(half.bullmq?.['p99Ms']) },
        ...(!quick && {
          bounds: { 'ratio.p99Ms': atMost(1, idle.ratio?.['p99Ms']), p99MsAtHalf: atMost(mostP99Ms, p99MsAtHalf) },
        }),
        lost: idle.lost + half.lost,
        scenarios: [idle, half],
      };
    }),
};

async function oneAtATime(redis: MeasuredRedis, say: Say, quick: boolean): Promise<Scenario> {
  const comparison = await compare(subjects, quick ? 1 : alone.rounds, async (subject) => {
    const sample = await measureWaits(subject, concurrency, redis, async (producer, part) => {
      const count = quick ? 20 : part === 'warm-up' ? alone.warmUp : alone.jobs;
      await producer.ask({ ask: 'one-at-a-time', bytes: payloadBytes, gapMs: alone.gapMs, count });
      return count;
    });
    say(`one job at a time, ${subject}: ${waitsOf(sample)}`);
    return sample;
  });
  return { name: 'one job at a time', ...comparison };
}

/** Each at half of its own maximum: jobs come when they come, and whoever is late is late for all that follow. */
async function atHalf(redis: MeasuredRedis, say: Say, quick: boolean): Promise<Scenario> {
  const comparison = await compare(['bulwark', 'bullmq'], quick ? 1 : busy.rounds, async (subject) => {
    const { figures } = await drain(subject, quick ? shortened(headline) : headline, redis);
    const perSecond = Math.round(figures.jobsPerSecond / 2);
    const sample = await measureWaits(subject, concurrency, redis, async (producer, part) => {
      const seconds = quick ? 0.1 : part === 'warm-up' ? busy.warmUpSeconds : busy.seconds;
      const count = Math.ceil(seconds * perSecond);
      await producer.ask({ ask: 'pace', bytes: payloadBytes, perSecond, count });
      return count;
    });
    say(`at ${perSecond} jobs/s, ${subject}: ${waitsOf(sample)}`);
    return sample;
  });
  return { name: 'at half of the maximum', ...comparison };
}

function waitsOf({ figures: { p50Ms, p99Ms } }: Sample<'p50Ms' | 'p99Ms'>): string {
  return `p50 ${rounded(p50Ms)} ms, p99 ${rounded(p99Ms)} ms`;
}
