import type { MeasuredRedis } from '../measured-redis.js';
import { type PeerProducer, startProducer } from '../peer-process.js';
import type { Subject } from '../peers/subject.js';
import type { Sample } from './compare.js';

/** An empty queue that one producer fills, while nobody works on it. */
export interface FillPlan {
  /** How many jobs are measured. */
  readonly jobs: number;
  /** So many in one call; with 1 the call for a single job is used. */
  readonly batch: number;
  /** So many calls under way at once. */
  readonly lanes: number;
  readonly payloadBytes: number;
  /** Whether Redis keeps every write on disk (`appendonly yes`, flushed once a second). */
  readonly onDisk: boolean;
}

/** What a proof may do around the measured part. */
export interface FillHooks {
  before?(producer: PeerProducer): Promise<void>;
  after?(producer: PeerProducer): Promise<void>;
}

/** So that the code is compiled before it counts, which takes some 30,000 jobs. */
const warmUpPart = 0.5;

/** Lets one producer enqueue as fast as it can, and counts the time of Redis and its own while it does. */
export async function fill(
  subject: Subject,
  { jobs, batch, lanes, payloadBytes, onDisk }: FillPlan,
  { url, gauge, cpuSeconds }: MeasuredRedis,
  hooks: FillHooks = {},
): Promise<Sample<'jobsPerSecond' | 'redisCpuPerJob' | 'nodeCpuPerJob'>> {
  await gauge.clear({ onDisk });
  const producer = await startProducer(subject, url);
  const put = (from: number, count: number) =>
    producer.ask({ ask: 'enqueue', from, count, bytes: payloadBytes, batch, lanes });
  try {
    const warmUp = jobs * warmUpPart;
    await put(0, warmUp);
    await hooks.before?.(producer);
    const [redisBefore, nodeBefore] = [cpuSeconds(), producer.cpuSeconds()];
    const { seconds } = await put(warmUp, jobs);
    const [redisAfter, nodeAfter] = [cpuSeconds(), producer.cpuSeconds()];
    await hooks.after?.(producer);
    return {
      figures: {
        jobsPerSecond: jobs / seconds,
        redisCpuPerJob: ((redisAfter - redisBefore) * 1e6) / jobs,
        nodeCpuPerJob: ((nodeAfter - nodeBefore) * 1e6) / jobs,
      },
      lost: warmUp + jobs - new Set(await gauge.waitingIds(subject)).size,
    };
  } finally {
    await producer.end();
  }
}
