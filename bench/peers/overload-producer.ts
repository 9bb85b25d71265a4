import { Queue } from 'bullmq';
import { createProducer, JobShedError } from 'bulwark';
import { Redis } from 'ioredis';
import { micros } from './order.js';
import { classes, expiresIn, type OverloadPayload, overloadJobs, type Rival, type WorkClass } from './overload-jobs.js';

/** What a producer tells now and then: the jobs that were accepted since, and how many were refused. */
export interface SentEvent {
  readonly event: 'sent';
  readonly accepted: readonly { readonly number: number; readonly workClass: WorkClass }[];
  readonly refused: Readonly<Record<WorkClass, number>>;
  /** Those that Redis did not take. */
  readonly failed: Readonly<Record<WorkClass, number>>;
}

/** What it is told: how many jobs a second, and how large. */
export interface PaceOrder {
  readonly perS: number;
  readonly bytes: number;
}

/** Ten, thirty, forty and twenty of a hundred. */
const mix: readonly (readonly [WorkClass, number])[] = [
  ['critical_plus', 0.1],
  ['critical', 0.4],
  ['sheddable_plus', 0.8],
  ['sheddable', 1],
];
const tenants = 200;
const tickMs = 20;

const [, , rival, url = ''] = process.argv as [string, string, Rival, string];
let pace: PaceOrder = { perS: 0, bytes: 0 };
let [owed, number, lastAt] = [0, 0, performance.now()];
let sent = none();

const enqueue = rival === 'bulwark' ? bulwarkEnqueue() : bullmqEnqueue();
setInterval(() => {
  const now = performance.now();
  owed += (pace.perS * (now - lastAt)) / 1_000;
  lastAt = now;
  for (; owed >= 1; owed -= 1) void send(pick());
}, tickMs);
setInterval(() => {
  process.send?.({ event: 'sent', ...sent } satisfies SentEvent);
  sent = none();
}, 200);

process.once('disconnect', () => process.exit());
process.on('message', (order: PaceOrder) => {
  pace = order;
});
process.send?.('ready');

async function send(workClass: WorkClass): Promise<void> {
  number += 1;
  const payload = { number, workClass, sentAt: micros(), note: 'x'.repeat(pace.bytes) };
  try {
    await enqueue(payload);
    sent.accepted.push({ number: payload.number, workClass });
  } catch (error) {
    if (error instanceof JobShedError) sent.refused[workClass] += 1;
    else sent.failed[workClass] += 1;
  }
}

function pick(): WorkClass {
  const chance = Math.random();
  return mix.find(([, upTo]) => chance < upTo)?.[0] ?? 'sheddable';
}

function bulwarkEnqueue(): (payload: OverloadPayload) => Promise<unknown> {
  const producer = createProducer({ redis: url });
  const jobs = overloadJobs({ call: async () => undefined });
  return (payload) => {
    const expiry = expiresIn(payload.workClass);
    return producer.enqueue(jobs[payload.workClass], payload, {
      tenant: `tenant-${payload.number % tenants}`,
      ...(expiry !== undefined && { expiresIn: expiry }),
    });
  };
}

function bullmqEnqueue(): (payload: OverloadPayload) => Promise<unknown> {
  const queue = new Queue('work', { connection: new Redis(url) });
  return (payload) =>
    queue.add(
      payload.workClass,
      payload,
      rival === 'priorities' ? { priority: classes.indexOf(payload.workClass) + 1 } : {},
    );
}

function none() {
  return {
    accepted: [] as { number: number; workClass: WorkClass }[],
    refused: { critical_plus: 0, critical: 0, sheddable_plus: 0, sheddable: 0 },
    failed: { critical_plus: 0, critical: 0, sheddable_plus: 0, sheddable: 0 },
  };
}
