import { Redis } from 'ioredis';
import { type Logger, pino } from 'pino';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { DeadLetterStore } from '../../../src/dead-letter/dead-letter-store.js';
import {
  type AnyJobDefinition,
  type CreateProducerOptions,
  type CreateSupervisorOptions,
  type CreateWorkerOptions,
  createProducer,
  createSupervisor,
  createWorker,
  defineQueue,
  type Producer,
  type QueueDefinition,
  type QueueOptions,
  type Supervisor,
  type Worker,
} from '../../../src/index.js';
import { Keyspace } from '../../../src/redis/keyspace.js';
import { QueueAdmin } from '../../../src/transport/queue-admin.js';
import { QueueInspector } from '../../../src/transport/queue-inspector.js';
import { startRedis, type TestRedis, type TestRedisOptions } from '../../support/redis-server.js';

export const silent: Logger = pino({ level: 'silent' });

/** A line of the log, as its fields. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A logger whose lines can be looked at. */
export function recordLog(): { readonly log: Logger; readonly lines: LogLine[]; said(event: string): LogLine[] } {
  const lines: LogLine[] = [];
  const log = pino({ level: 'debug' }, { write: (line) => lines.push(JSON.parse(line) as LogLine) });
  return { log, lines, said: (event) => lines.filter((line) => String(line['msg']).startsWith(event)) };
}

type Given<O> = Partial<Omit<O, 'jobs'>>;

/** A real Redis and whatever a test runs on it. What a test started is stopped when the test ends. */
export class TestPool {
  readonly keyspace = new Keyspace('bulwark');
  #queues = 0;

  constructor(
    readonly server: TestRedis,
    /** A client of the test's own, to look and to meddle. */
    readonly client: Redis,
  ) {}

  get url(): string {
    return this.server.url;
  }

  get inspector(): QueueInspector {
    return new QueueInspector(this.client, this.keyspace);
  }

  get admin(): QueueAdmin {
    return new QueueAdmin(this.client, this.keyspace, () => undefined);
  }

  /** A queue that no other test knows. */
  queue(options: Partial<QueueOptions> = {}): QueueDefinition {
    this.#queues += 1;
    return defineQueue({ name: `q${this.#queues}`, ...options });
  }

  producer(options: Given<CreateProducerOptions> = {}): Producer {
    const producer = createProducer({ redis: this.url, log: silent, ...options });
    onTestFinished(() => producer.close());
    return producer;
  }

  /** A worker that has not been started. It does not wait long for handlers when the test ends. */
  idleWorker(jobs: readonly AnyJobDefinition[], options: Given<CreateWorkerOptions> = {}): Worker {
    const worker = createWorker({
      redis: this.url,
      jobs,
      log: silent,
      ...options,
      worker: { abortGraceMs: 50, ...options.worker },
    });
    onTestFinished(async () => {
      await worker.stop({ drainTimeoutMs: 0 });
    });
    return worker;
  }

  async worker(jobs: readonly AnyJobDefinition[], options: Given<CreateWorkerOptions> = {}): Promise<Worker> {
    const worker = this.idleWorker(jobs, options);
    await worker.start();
    return worker;
  }

  async supervisor(options: Given<CreateSupervisorOptions> = {}): Promise<Supervisor> {
    const supervisor = createSupervisor({ redis: this.url, log: silent, ...options });
    onTestFinished(() => supervisor.stop());
    await supervisor.start();
    return supervisor;
  }

  deadLetters(queue: QueueDefinition): DeadLetterStore {
    return new DeadLetterStore(this.client, this.keyspace, queue.name);
  }

  /** Everything in Redis, value and expiry: equal before and after when nothing was written. */
  async dump(): Promise<Record<string, string>> {
    const keys = (await this.client.keys('*')).sort();
    const entries = await Promise.all(
      keys.map(async (key) => {
        // A hash hands out its fields in an order that may change while nothing is written.
        const hash = (await this.client.type(key)) === 'hash' ? await this.client.hgetall(key) : undefined;
        const value = hash
          ? JSON.stringify(Object.entries(hash).sort())
          : (await this.client.dumpBuffer(key))?.toString('base64');
        return [key, `${value} until ${String(await this.client.call('PEXPIRETIME', key))}`];
      }),
    );
    return Object.fromEntries(entries) as Record<string, string>;
  }
}

/** Starts a Redis for one test. */
export async function startPool(options: TestRedisOptions = {}): Promise<TestPool> {
  const { pool, end } = await open(options);
  onTestFinished(end);
  return pool;
}

/** Starts a Redis for all tests of a file. */
export function usePool(options: TestRedisOptions = {}): () => TestPool {
  let opened: Awaited<ReturnType<typeof open>> | undefined;
  beforeAll(async () => {
    opened = await open(options);
  });
  afterAll(() => opened?.end());
  return () => {
    if (!opened) throw new Error('the pool is there from the first test on');
    return opened.pool;
  };
}

async function open(options: TestRedisOptions): Promise<{ pool: TestPool; end: () => Promise<void> }> {
  const server = await startRedis(options);
  const client = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  // A test that takes the server away knows it.
  client.on('error', () => undefined);
  return {
    pool: new TestPool(server, client),
    end: async () => {
      client.disconnect();
      await server.stop();
    },
  };
}
