import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob, defineQueue } from 'bulwark';
import { z } from 'zod';
import type { ProgramEvent } from '../runs/programs.js';
import { micros } from './order.js';

/** What a member of a pool tells of its jobs: which, in which run of its own, and when by `micros`. */
export interface RunEvent extends ProgramEvent {
  readonly run: string;
  readonly at: number;
}

const payload = z.object({ number: z.int(), ms: z.number() });

let runs = 0;

/** A job that takes its time, and whose result says which run of which process it is of. */
export const faultJob = defineJob({
  kind: 'take-time',
  queue: defineQueue({ name: 'faults' }),
  payload,
  async run({ number, ms }) {
    runs += 1;
    const run = `${process.pid}-${runs}`;
    const tell = (event: RunEvent['event']) => process.send?.({ event, number, run, at: micros() } satisfies RunEvent);
    tell('started');
    await sleep(ms);
    tell('ended');
    return run;
  },
});
