import { type Subject, subjects } from '../peers/subject.js';
import type { DrainPlan } from '../runs/drain.js';

/** Where `throughput` measures, and who takes part. */
export interface Situation {
  readonly name: string;
  readonly subjects: readonly Subject[];
  readonly rounds: number;
  readonly plan: DrainPlan;
}

/** A worker with 50 slots, 1 KB payload, as many completed jobs kept as Bulwark keeps by default. */
export const headline: DrainPlan = {
  concurrency: 50,
  processes: 1,
  payloadBytes: 1_024,
  jobs: 40_000,
  portion: 40_000,
  backlog: 0,
  held: 0,
  onDisk: false,
  keyed: false,
  warmUp: 12_000,
};

const all = (name: string, plan: Partial<DrainPlan>, rounds = 3): Situation => ({
  name,
  subjects,
  rounds,
  plan: { ...headline, ...plan },
});

/** Whether a long queue costs more per job is a question to layouts like BullMQ's. */
const longQueue = (name: string, plan: Partial<DrainPlan>): Situation => ({
  name,
  subjects: ['bulwark', 'bullmq'],
  rounds: 3,
  plan: { ...headline, jobs: 15_000, portion: 15_000, ...plan },
});

export const situations = {
  concurrency50: all('concurrency 50', {}, 5),
  keyed: {
    name: 'every job with a key',
    subjects: ['bulwark', 'bullmq'],
    rounds: 5,
    plan: { ...headline, keyed: true },
  },
  concurrency1: all('concurrency 1', { concurrency: 1, jobs: 8_000, portion: 8_000 }),
  fourWorkers: all('4 worker processes', { processes: 4 }),
  onDisk: all('every write kept on disk', { onDisk: true }),
  payload10: all('payload 10 KB', { payloadBytes: 10_240, jobs: 15_000, portion: 15_000 }),
  payload100: all('payload 100 KB', { payloadBytes: 102_400, jobs: 3_000, portion: 3_000 }),
  waiting1k: longQueue('1,000 waiting', { portion: 1_000 }),
  waiting100k: longQueue('100,000 waiting', { backlog: 100_000 }),
  active1: longQueue('1 other active', { held: 1 }),
  active1000: longQueue('1,000 others active', { held: 1_000 }),
} satisfies Readonly<Record<string, Situation>>;

export type SituationName = keyof typeof situations;

/** One round of a hundredth of the work. Bee-Queue takes part in the first situation only: starting a process takes longer than its jobs. */
export function quickened(situation: Situation): Situation {
  const { subjects: asked, plan } = situation;
  return {
    ...situation,
    subjects: situation === situations.concurrency50 ? asked : ['bulwark', 'bullmq'],
    rounds: 1,
    plan: { ...shortened(plan), processes: Math.min(2, plan.processes) },
  };
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
