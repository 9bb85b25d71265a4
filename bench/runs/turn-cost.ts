import { once } from 'node:events';
import { createProducer } from 'bulwark';
import { pino } from 'pino';
import { micros } from '../peers/order.js';
import { defineTenantJob, type TenantRival, type TenantRun } from '../peers/tenant-jobs.js';
import type { DoneEvent } from '../peers/tenant-worker.js';
import { withPrivateRedis } from '../private-redis.js';
import { startProgram } from './programs.js';

/** How fast a queue of many tenants is filled and worked off. */
export interface TurnCost {
  readonly enqueuedPerS: number;
  readonly donePerS: number;
}

const tenants = 20;
const slots = 50;

/** Fills a queue and has one worker work it off. The first third warms up, and does not count. */
export function measureTurns(rival: Extract<TenantRival, 'turns' | 'in-order'>, jobs: number): Promise<TurnCost> {
  return withPrivateRedis(async ({ url }) => {
    const enqueuedPerS = await fill(rival, jobs, url);
    const runs: TenantRun[] = [];
    const worker = await startProgram<DoneEvent>('tenant-worker', [rival, url, String(slots), '0'], (event) =>
      runs.push(...event.jobs),
    );
    try {
      while (runs.length < jobs) await once(worker, 'message');
    } finally {
      worker.disconnect();
    }
    const begun = runs.map(({ begunAt }) => begunAt).sort((one, other) => one - other);
    const from = Math.floor(jobs / 3);
    return { enqueuedPerS, donePerS: ((jobs - from) * 1e6) / ((begun.at(-1) ?? 0) - (begun[from] ?? 0)) };
  });
}

async function fill(rival: TenantRival, jobs: number, url: string): Promise<number> {
  const producer = createProducer({ redis: url, log: pino({ level: 'silent' }) });
  const job = defineTenantJob(rival, async () => undefined);
  const enqueue = (tenant: number) => {
    const name = `tenant-${tenant}`;
    const payloads = Array.from({ length: jobs / tenants }, (_, index) => ({
      number: tenant * 1e6 + index,
      tenant: name,
      part: 'cost',
      sentAt: micros(),
    }));
    return producer.enqueueMany(job, payloads, { tenant: name });
  };
  try {
    const startedAt = performance.now();
    for (let tenant = 0; tenant < tenants; tenant++) await enqueue(tenant);
    return (jobs * 1_000) / (performance.now() - startedAt);
  } finally {
    await producer.close();
  }
}
