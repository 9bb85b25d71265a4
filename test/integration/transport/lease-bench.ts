import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { Script, ScriptArgument } from '../../../src/redis/define-script.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { BullmqBackend } from '../../../src/transport/bullmq-backend.js';
import { decodeTakenJob, type FetchedJob } from '../../../src/transport/fetched-job.js';
import type { NewJob } from '../../../src/transport/new-job-words.js';
import { PayloadReader } from '../../../src/transport/payload-reader.js';
import { type QueueKeys, queueKeys } from '../../../src/transport/queue-keys.js';
import { QueueWriter } from '../../../src/transport/queue-writer.js';
import { WorkCalls } from '../../../src/transport/work-calls.js';
import { workLayout } from '../../../src/transport/work-layout.js';
import type { TestPool } from '../worker-pool/test-pool.js';

/** One queue on which a test takes jobs by hand, to call a script with exactly the lease it wants. */
export class LeaseBench {
  readonly keys: QueueKeys;
  readonly dead: QueueKeys;
  readonly backend: BullmqBackend;
  readonly calls: WorkCalls<FetchedJob>;
  readonly #writer: QueueWriter;

  constructor(
    readonly pool: TestPool,
    /** By default one that no other test knows. */
    readonly queue: string = pool.queue().name,
    /** How many jobs of one tenant run at once, 0 for any number; tenants have turns then. */
    tenantSlots?: number,
  ) {
    this.keys = queueKeys(pool.keyspace, this.queue);
    this.dead = queueKeys(pool.keyspace, `${this.queue}.dead`);
    this.#writer = new QueueWriter(pool.client, pool.keyspace, 250);
    const layout = workLayout(pool.keyspace.prefix(this.queue), this.queue);
    this.calls = new WorkCalls({
      client: pool.client,
      layout,
      payloads: new PayloadReader(pool.client, layout.bases.base, () => undefined),
      worker: 'bench',
      leaseMs: 60_000,
      keepAttempts: 2,
      keepKeysMs: 3_600_000,
      tenantSlots,
      decode: decodeTakenJob,
    });
    this.backend = new BullmqBackend({
      client: pool.client,
      keyspace: pool.keyspace,
      queue: this.queue,
      leaseMs: 60_000,
      workerName: 'bench',
      onError: () => undefined,
    });
    onTestFinished(() => this.backend.close(true));
  }

  /** Puts one job into the queue. */
  async add(job: Partial<NewJob> = {}): Promise<string> {
    const id = job.id ?? randomUUID();
    await this.#writer.add(this.queue, [
      {
        id,
        kind: 'test',
        payloadJson: '{"n":1}',
        meta: {},
        enqueuedAt: Date.now() as EpochMs,
        delayMs: 0,
        priority: 0,
        ...job,
      },
    ]);
    return id;
  }

  /** Puts one job into the queue and takes it under `token`. */
  async take(token: string, job: Partial<NewJob> = {}): Promise<FetchedJob> {
    await this.add(job);
    const [taken] = (await this.calls.take([token])).jobs;
    if (!taken) throw new Error('expected a job, got none');
    return taken;
  }

  /** Since when the job has been able to start that waits longest, as the queue's sample tells it. */
  async oldestReadyAt(): Promise<number | undefined> {
    return (await this.pool.inspector.sample(this.queue)).oldestReadyAt;
  }

  jobKey(id: string): string {
    return `${this.keys['']}${id}`;
  }

  field(id: string, field: string): Promise<string | null> {
    return this.pool.client.hget(this.jobKey(id), field);
  }

  /** The newest events of the queue, the oldest first, as objects. */
  async events(key: string = this.keys.events): Promise<Record<string, string>[]> {
    const entries = await this.pool.client.xrange(key, '-', '+');
    return entries.map(([, fields]) => {
      const event: Record<string, string> = {};
      for (let i = 0; i + 1 < fields.length; i += 2) event[fields[i] ?? ''] = fields[i + 1] ?? '';
      return event;
    });
  }
}

/** Runs a script and gives what Redis answered, before anybody has interpreted it. */
export function rawReply<K extends string, A extends string>(
  pool: TestPool,
  script: Pick<Script<K, A, unknown>, 'definition' | 'source'>,
  keys: Readonly<Record<K, string>>,
  args: Readonly<Record<A, ScriptArgument>>,
): Promise<unknown> {
  const { definition, source } = script;
  return pool.client.eval(
    source,
    definition.keys.length,
    ...definition.keys.map((key) => keys[key]),
    ...definition.args.map((arg) => args[arg]),
  );
}
