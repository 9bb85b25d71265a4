import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob, defineQueue } from 'bulwark';
import { z } from 'zod';
import { micros } from './order.js';

/** Who serves the tenants: Bulwark with turns or without, or plain BullMQ. */
export type TenantRival = 'turns' | 'in-order' | 'bullmq';

const tenantPayload = z.object({
  number: z.int(),
  tenant: z.string(),
  /** In which part of the proof it was enqueued. */
  part: z.string(),
  /** When it was enqueued, by `micros`. */
  sentAt: z.number(),
});

export type TenantPayload = z.infer<typeof tenantPayload>;

/** A job that was run: its payload, and when it began, by `micros`. */
export interface TenantRun extends TenantPayload {
  readonly begunAt: number;
}

/** The queue on which all rivals are measured. */
export const tenantQueue = 'shared';

/** A call takes up to a fifth more or less: were all alike, slots that began together would end together for ever. */
const callSpread = 0.2;

/** Does the work of one job: a call that takes about so long. */
export async function doWork(payload: TenantPayload, callMs: number): Promise<TenantRun> {
  const begunAt = micros();
  if (callMs > 0) await sleep(callMs * (1 + callSpread * (2 * Math.random() - 1)));
  return { ...payload, begunAt };
}

/** The kind of job that all tenants enqueue. */
export function defineTenantJob(rival: TenantRival, run: (payload: TenantPayload) => Promise<void>) {
  return defineJob({
    kind: 'serve',
    queue: defineQueue({ name: tenantQueue, ...(rival === 'turns' && { tenants: {} }) }),
    payload: tenantPayload,
    run,
  });
}
