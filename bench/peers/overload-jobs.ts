import { setTimeout as sleep } from 'node:timers/promises';
import type { DurationInput, JobDefinition } from 'bulwark';
import { defineJob, defineQueue } from 'bulwark';
import { z } from 'zod';
import { micros } from './order.js';

/** Who takes the overload: Bulwark, or plain BullMQ with one queue, first in first out or with a priority per class. */
export const rivals = ['bulwark', 'fifo', 'priorities'] as const;
export type Rival = (typeof rivals)[number];

/** The classes of work, the most important first. */
export const classes = ['critical_plus', 'critical', 'sheddable_plus', 'sheddable'] as const;
export type WorkClass = (typeof classes)[number];

export interface OverloadPayload {
  readonly number: number;
  readonly workClass: WorkClass;
  /** When it was enqueued, by `micros`. */
  readonly sentAt: number;
  readonly note: string;
}

/**
 * How long a job of each class may wait before users notice. At three times the capacity critical work alone is a fifth more than can be done:
 * after a minute its last job waits 12 s, or 18 s on a busy machine, whoever gives way. Half of the promise has to leave room for that, or
 * critical work gives way to itself.
 */
export const sloS = 60;
/** When batches are not worth doing any more: what is late then is given up, and told. */
const worthDoingFor: Partial<Record<WorkClass, DurationInput>> = { sheddable_plus: '60s', sheddable: '60s' };
export const expiresIn = (workClass: WorkClass): DurationInput | undefined => worthDoingFor[workClass];

/** A database with room for so many calls at once: what all classes share, and what runs short. */
export class Database {
  #ms: number;
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #onCall: (payload: OverloadPayload, waitedS: number) => void;

  constructor(room: number, ms: number, onCall: (payload: OverloadPayload, waitedS: number) => void) {
    this.#free = room;
    this.#ms = ms;
    this.#onCall = onCall;
  }

  /** From now on a call takes so long. */
  slow(ms: number): void {
    this.#ms = ms;
  }

  /** What one call takes. */
  async answer(): Promise<void> {
    await sleep(this.#ms);
  }

  async call(payload: OverloadPayload): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      this.#onCall(payload, (micros() - payload.sentAt) / 1e6);
      await this.answer();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/** A kind of job for each class, in a queue of its own. */
export function overloadJobs(database: Pick<Database, 'call'>): Record<WorkClass, JobDefinition> {
  const jobOf = (workClass: WorkClass) =>
    defineJob({
      kind: `work-${workClass}`,
      queue: defineQueue({ name: workClass, criticality: workClass, slo: `${sloS}s` }),
      payload: z.object({ number: z.int(), workClass: z.enum(classes), sentAt: z.number(), note: z.string() }),
      run: (payload) => database.call(payload),
    });
  return Object.fromEntries(classes.map((each) => [each, jobOf(each)])) as unknown as Record<WorkClass, JobDefinition>;
}
