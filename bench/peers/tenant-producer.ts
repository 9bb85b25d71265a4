import { Queue } from 'bullmq';
import { createProducer } from 'bulwark';
import { Redis } from 'ioredis';
import { micros } from './order.js';
import { defineTenantJob, type TenantPayload, type TenantRival, tenantQueue } from './tenant-jobs.js';

/** What it is told: how many jobs a second all of its tenants enqueue, and in which part of the proof. */
export interface TenantPace {
  readonly perS: number;
  readonly part: string;
}

/** What a producer tells now and then: how many jobs were taken since. */
export interface AcceptedEvent {
  readonly event: 'accepted';
  readonly count: number;
  /** Those that Redis did not take. */
  readonly failed: number;
}

const tickMs = 2;

const [, , rival, url = '', first, count] = process.argv as [string, string, TenantRival, string, string, string];
const names = Array.from({ length: Number(count) }, (_, index) => `tenant-${Number(first) + index}`);
let pace: TenantPace = { perS: 0, part: '' };
let [number, nextAt] = [Number(first) * 1e7, Number.POSITIVE_INFINITY];
let [accepted, failed] = [0, 0];

const enqueue = rival === 'bullmq' ? bullmqEnqueue() : bulwarkEnqueue(rival);
setInterval(() => {
  // Nobody tells the others when it comes: the gaps are exponential.
  for (; nextAt <= performance.now(); nextAt += gapMs()) void send();
}, tickMs);
setInterval(tell, 200);

process.once('disconnect', () => process.exit());
process.on('message', (order: TenantPace) => {
  pace = order;
  nextAt = pace.perS === 0 ? Number.POSITIVE_INFINITY : performance.now() + gapMs();
});
process.send?.('ready');

function gapMs(): number {
  return (-Math.log(1 - Math.random()) * 1_000) / pace.perS;
}

async function send(): Promise<void> {
  const tenant = names[Math.floor(Math.random() * names.length)] ?? '';
  number += 1;
  try {
    await enqueue({ number, tenant, part: pace.part, sentAt: micros() });
    accepted += 1;
  } catch {
    failed += 1;
  }
}

function tell(): void {
  if (accepted + failed === 0) return;
  process.send?.({ event: 'accepted', count: accepted, failed } satisfies AcceptedEvent);
  accepted = 0;
  failed = 0;
}

function bulwarkEnqueue(ours: TenantRival): (payload: TenantPayload) => Promise<unknown> {
  const producer = createProducer({ redis: url });
  const job = defineTenantJob(ours, async () => undefined);
  return (payload) => producer.enqueue(job, payload, { tenant: payload.tenant });
}

function bullmqEnqueue(): (payload: TenantPayload) => Promise<unknown> {
  const queue = new Queue(tenantQueue, { connection: new Redis(url) });
  return (payload) => queue.add('serve', payload);
}
