import type { Processor, WorkerOptions } from 'bullmq';
import { eventually } from '../support/eventually.js';
import { type BehaviourOptions, queueName, type Stage } from './two-backends.js';

/** For behaviours of running workers: how far a sleeping one has come is a matter of moments. */
const asleep = ['marker', 'stalled-check'] as const;

/** Jobs that run one after the other, on a clock that stands still. */
export const oneByOne: BehaviourOptions = { without: asleep };
/** Jobs that wait for a while. */
export const inTime: BehaviourOptions = { without: asleep, clock: 'runs' };
/** Jobs that run at the same time. */
export const atOnce: BehaviourOptions = { without: asleep, anyOrder: true };

export interface RunOptions extends Partial<WorkerOptions> {
  /** Of which queue. @defaultValue the only one */
  readonly of?: string;
  /** Whether the worker's own events are told, in their order. @defaultValue true */
  readonly tellsEvents?: boolean;
}

/** A worker that runs jobs, and tells what it says about them. */
export function runs(
  stage: Stage,
  processor: Processor,
  { of = queueName, tellsEvents = true, ...options }: RunOptions = {},
) {
  const worker = stage.worker(processor, { drainDelay: 1, ...options }, of);
  let count = 0;
  const told = (event: string, ...words: unknown[]) => {
    if (tellsEvents) stage.tell([event, ...words]);
  };
  worker.on('active', (job) => told('active', job.id, job.attemptsStarted));
  worker.on('progress', (job, progress) => told('progress', job.id, progress));
  worker.on('completed', (job, result) => {
    told('completed', job.id, result, job.attemptsMade);
    count += 1;
  });
  worker.on('failed', (job, error) => {
    told('failed', job?.id, error.message, job?.attemptsMade);
    count += 1;
  });
  worker.on('error', (error) => told('error', error.message));
  worker.on('drained', () => told('drained'));
  return {
    worker,
    /** Resolves when so many attempts have ended, well or not. */
    ended: (number: number) => eventually(`${number} attempts ended`, () => count >= number, { intervalMs: 5 }),
  };
}
