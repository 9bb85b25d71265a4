import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob, defineQueue, type JobContext } from 'bulwark';
import { z } from 'zod';
import type { ProgramEvent } from '../runs/programs.js';

/** How far a run is. `started`: its key is claimed. */
export const effectPoints = ['started', 'reserved', 'charged', 'shipped', 'ended'] as const;

export type EffectPoint = (typeof effectPoints)[number];

/** What a worker tells of a run. */
export interface EffectEvent extends Omit<ProgramEvent, 'event'> {
  readonly event: EffectPoint;
  /** Names one run of one process. */
  readonly run: string;
  readonly fence: number;
}

/** One call of the receiver: it is to happen once per job and name. */
export interface EffectCall {
  readonly number: number;
  readonly name: string;
  readonly key: string;
  readonly fence: number;
}

const payload = z.object({ number: z.int(), receiver: z.url(), pausesMs: z.array(z.number()) });

let runs = 0;

/** A job with three effects outside: one bare call and two steps, with pauses in between. */
export const effectJob = defineJob({
  kind: 'order',
  // What gives way under overload is another proof: here no job is to be set aside for it.
  queue: defineQueue({ name: 'effects', criticality: 'critical_plus' }),
  payload,
  idempotencyKey: ({ number }) => String(number),
  retry: { attempts: 50, base: 100, cap: 500 },
  async run({ number, receiver, pausesMs: [first, second, third] }, ctx) {
    runs += 1;
    const run = `${process.pid}-${runs}`;
    const tell = (event: EffectPoint) => process.send?.({ event, number, run, fence: ctx.fence } satisfies EffectEvent);
    const call = (name: string, key: string) => affect(receiver, { number, name, key, fence: ctx.fence }, ctx);
    tell('started');
    await sleep(first);
    await call('reserve', ctx.effectKey('reserve'));
    tell('reserved');
    await sleep(second);
    await ctx.step('charge', ({ effectKey }) => call('charge', effectKey));
    tell('charged');
    await sleep(third);
    await ctx.step('ship', ({ effectKey }) => call('ship', effectKey));
    tell('shipped');
    await sleep(first);
    tell('ended');
    return run;
  },
});

async function affect(receiver: string, call: EffectCall, { signal }: JobContext): Promise<void> {
  const response = await fetch(receiver, { method: 'POST', body: JSON.stringify(call), signal });
  if (!response.ok) throw new Error(`the receiver answered ${response.status}`);
  await response.text();
}
