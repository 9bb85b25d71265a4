import type { DurationInput } from 'bulwark';
import type { Order } from './order.js';

/** Who is measured. */
export const subjects = ['bulwark', 'bullmq', 'bee-queue'] as const;
export type Subject = (typeof subjects)[number];

/** One of them, as the proofs use it: each in the way its own documentation shows, with its defaults. */
export interface SubjectModule {
  /** Begins to take jobs; resolves when it is connected. */
  startWorker(options: WorkerOptions): Promise<void>;
  /** `keyed`: jobs have idempotency keys, where there are such. */
  connectProducer(url: string, options: { readonly keyed: boolean }): Promise<Producer>;
}

export interface WorkerOptions {
  readonly url: string;
  readonly concurrency: number;
  readonly handle: (order: Order) => Promise<void>;
  /** How plain BullMQ looks for lost jobs; its defaults when left out. */
  readonly recovery?: Recovery;
  /** How often Bulwark beats and renews; its defaults when left out. */
  readonly pace?: Pace;
}

/** Bulwark's own options. */
export interface Pace {
  readonly beatMs: DurationInput;
  readonly leaseMs: DurationInput;
  readonly leaseRenewMs: DurationInput;
}

/** Plain BullMQ's own options, in ms. */
export interface Recovery {
  readonly lockDuration: number;
  readonly stalledInterval: number;
  /** How often a job may be lost before it is failed instead of run again. */
  readonly maxStalledCount: number;
}

export interface Producer {
  /** Resolves when Redis has it. */
  enqueue(order: Order): Promise<unknown>;
  enqueueMany(orders: readonly Order[]): Promise<unknown>;
}

/** The queue on which everybody is measured. */
export const queueName = 'orders';
/** Which completed jobs stay: Bulwark's default, for everybody who can say so. */
export const keptCompleted = { age: 3_600, count: 10_000 };

/** Only the subject at hand is loaded: the others would count as its memory and its time. */
export async function loadSubject(subject: Subject): Promise<SubjectModule> {
  switch (subject) {
    case 'bulwark':
      return import('./bulwark.js');
    case 'bullmq':
      return import('./bullmq.js');
    case 'bee-queue':
      return import('./bee-queue.js');
  }
}
