import type { MeasuredRedis } from '../measured-redis.js';
import { type PeerProducer, type PeerWorker, startProducer, startWorker } from '../peer-process.js';
import type { Pace, Subject } from '../peers/subject.js';
import type { Sample } from './compare.js';

/** A queue that is filled and then worked off. */
export interface DrainPlan {
  readonly concurrency: number;
  readonly processes: number;
  readonly payloadBytes: number;
  /** How many jobs are measured. */
  readonly jobs: number;
  /** So many of them at a time: the next ones come when these are done. */
  readonly portion: number;
  /** So many more wait behind them all of the time. */
  readonly backlog: number;
  /** So many others are held active by another worker all of the time. */
  readonly held: number;
  /** Whether Redis keeps every write on disk (`appendonly yes`, flushed once a second). */
  readonly onDisk: boolean;
  /** Whether Bulwark's jobs have idempotency keys, each its own. */
  readonly keyed: boolean;
  /** So many run before, so that the code is compiled and as many completed jobs are kept as may be. */
  readonly warmUp: number;
  /** How often Bulwark beats and renews; its defaults when left out. */
  readonly pace?: Pace;
  /** What else stands in the environment of its processes. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What is counted, of all portions together or of one. */
export type DrainFigure = 'jobsPerSecond' | 'redisCpuPerJob' | 'nodeCpuPerJob';
export type DrainFigures = Readonly<Record<DrainFigure, number>>;

/** What a proof may do to the workers around the measured part. */
export interface DrainHooks {
  /** Fills the queue and works a portion off, when it is its turn. */
  turn?(portion: () => Promise<DrainFigures>): Promise<void>;
  /** The queue is full and nothing has begun. */
  before?(workers: readonly PeerWorker[]): Promise<void>;
  after?(workers: readonly PeerWorker[]): Promise<void>;
}

/** Jobs of the warm-up and of the holder have a small payload, whatever the measured ones have. */
const smallBytes = 1_024;
/** Filling may not take all memory of the producer at once. */
const mostBytesPerCall = 4 * 1024 * 1024;

/** Fills the queue, lets the workers of one subject work it off, and counts the time of Redis and of the workers while they do. */
export async function drain(
  subject: Subject,
  plan: DrainPlan,
  { url, gauge, cpuSeconds }: MeasuredRedis,
  hooks: DrainHooks = {},
): Promise<Sample<DrainFigure>> {
  await gauge.clear(plan);
  const producer = await startProducer(subject, url, plan);
  const holders: PeerWorker[] = [];
  const workers: PeerWorker[] = [];
  const askAll = (ask: 'hold' | 'let-go') => Promise.all(workers.map((worker) => worker.ask({ ask })));
  let accepted = 0;
  const fill = async (count: number, bytes: number) => {
    await enqueueAll(producer, accepted, count, bytes);
    accepted += count;
  };
  try {
    if (plan.held > 0) {
      const holder = await startWorker(subject, url, plan.held);
      holders.push(holder);
      await holder.ask({ ask: 'hold' });
      await fill(plan.held, smallBytes);
      await gauge.untilRunning(subject, plan.held);
    }
    const start = async () => workers.push(await startWorker(subject, url, plan.concurrency, plan));
    await Promise.all(Array.from({ length: plan.processes }, start));
    await fill(plan.warmUp, smallBytes);
    await gauge.untilLeft(subject, plan.held);

    const cpu = () => [cpuSeconds(), sum(workers.map((worker) => worker.cpuSeconds()))] as const;
    const total: Spent = { seconds: 0, redis: 0, node: 0, jobs: 0 };
    const workOff = async (backlog: number): Promise<DrainFigures> => {
      await askAll('hold');
      await fill(plan.portion + backlog, plan.payloadBytes);
      await hooks.before?.(workers);
      const [leftBefore, [redisBefore, nodeBefore], startedAt] = [await gauge.left(subject), cpu(), performance.now()];
      await askAll('let-go');
      const left = await gauge.untilLeft(subject, plan.held + plan.backlog);
      const [endedAt, [redisAfter, nodeAfter]] = [performance.now(), cpu()];
      const spent: Spent = {
        seconds: (endedAt - startedAt) / 1_000,
        redis: redisAfter - redisBefore,
        node: nodeAfter - nodeBefore,
        jobs: leftBefore - left,
      };
      total.seconds += spent.seconds;
      total.redis += spent.redis;
      total.node += spent.node;
      total.jobs += spent.jobs;
      return figuresOf(spent);
    };
    for (let measured = 0; measured < plan.jobs; measured += plan.portion) {
      const portion = () => workOff(measured === 0 ? plan.backlog : 0);
      await (hooks.turn?.(portion) ?? portion());
    }
    await hooks.after?.(workers);
    await gauge.untilLeft(subject, plan.held);

    const completed = (await ranOnce(workers)) - (await gauge.aside(subject));
    return {
      figures: figuresOf(total),
      lost: accepted - plan.held - completed,
    };
  } finally {
    await Promise.all([producer, ...holders, ...workers].map((process) => process.end()));
  }
}

/** What some jobs took: by the clock, of Redis and of the workers. */
interface Spent {
  seconds: number;
  redis: number;
  node: number;
  jobs: number;
}

function figuresOf({ seconds, redis, node, jobs }: Spent): DrainFigures {
  return {
    jobsPerSecond: jobs / seconds,
    redisCpuPerJob: (redis * 1e6) / jobs,
    nodeCpuPerJob: (node * 1e6) / jobs,
  };
}

/** Enqueues as fast as it goes. */
async function enqueueAll(producer: PeerProducer, from: number, count: number, bytes: number): Promise<void> {
  const batch = Math.max(2, Math.min(1_000, Math.floor(mostBytesPerCall / bytes)));
  await producer.ask({ ask: 'enqueue', from, count, bytes, batch, lanes: 1 });
}

/** How many different jobs the workers ran to the end. */
async function ranOnce(workers: readonly PeerWorker[]): Promise<number> {
  const reports = await Promise.all(workers.map((worker) => worker.ask({ ask: 'report' })));
  const ran = new Set<number>();
  for (const { runs } of reports) {
    for (const [number, times] of Buffer.from(runs, 'base64').entries()) if (times > 0) ran.add(number);
  }
  return ran.size;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
