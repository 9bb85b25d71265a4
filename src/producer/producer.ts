import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { ResolvedJobLimitOptions, ResolvedProducerOptions, ResolvedRedisOptions } from '../config/option-types.js';
import { isBulwarkError } from '../errors/bulwark-error.js';
import { errorMessage } from '../errors/error-message.js';
import { keyDigest, payloadFingerprint } from '../idempotency/identity.js';
import { KeyConflictError } from '../idempotency/key-conflict-error.js';
import type { AnyJobDefinition, JobResult, PayloadInput } from '../job/define-job.js';
import type { QueueDefinition } from '../job/define-queue.js';
import type { JobMeta } from '../job/job-meta.js';
import { PayloadInvalidError, PayloadTooLargeError, validatePayload } from '../job/payload.js';
import { randomJobId } from '../job/random-ids.js';
import { shareOf } from '../job/tenant-policy.js';
import { closeRedis } from '../redis/connection.js';
import { type OpenRedis, openRedis } from '../redis/open-redis.js';
import { RedisUnavailableError } from '../redis/redis-unavailable-error.js';
import { DirectiveFollower } from '../shedding/directive-follower.js';
import { ShedStore } from '../shedding/shed-store.js';
import type { Metrics } from '../telemetry/metrics.js';
import { carrierOfTraceparent, startSendSpan } from '../telemetry/tracing/send-span.js';
import { systemClock } from '../time/clock.js';
import type { EpochMs } from '../time/duration.js';
import type { AddedJob } from '../transport/add-calls.js';
import { QueueDirectory } from '../transport/queue-directory.js';
import { QueueInspector } from '../transport/queue-inspector.js';
import { type NewJob, QueueWriter } from '../transport/queue-writer.js';
import { Admission } from './admission.js';
import { awaitOutcome, type WaitOptions } from './await-outcome.js';
import { type EnqueueOptions, type EnqueueWishes, readEnqueueOptions } from './enqueue-options.js';

/** A job that Redis has accepted. */
export interface EnqueuedJob<J extends AnyJobDefinition = AnyJobDefinition> {
  readonly id: string;
  readonly queue: string;
  readonly kind: string;
  readonly key: string | undefined;
  /** Whether the key had given this job before: it waits, runs, or is done. */
  readonly duplicate: boolean;
  /** Only for the compiler: ties the handle to its kind, so that `wait` knows the result's type. */
  readonly definition: J;
}

/** What a job came to. Of a fallback only its author knows what it returns. */
export type JobOutcome<J extends AnyJobDefinition = AnyJobDefinition> =
  | { readonly result: JobResult<J>; readonly fallback: false }
  | { readonly result: unknown; readonly fallback: true };

export interface ProducerParts {
  readonly redis: ResolvedRedisOptions;
  readonly producer: ResolvedProducerOptions;
  readonly job: ResolvedJobLimitOptions;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A payload that is fit to be written. */
interface AcceptedPayload {
  readonly payload: unknown;
  readonly payloadJson: string;
  /** Of the job that is made of it. */
  readonly key: string | undefined;
}

interface Session extends OpenRedis {
  readonly writer: QueueWriter;
  readonly directory: QueueDirectory;
  readonly inspector: QueueInspector;
  readonly admission: Admission;
}

/** What a producing service holds: typed, validated, idempotent by key. Connects when first used. */
export class Producer {
  readonly #parts: ProducerParts;
  readonly #name: string;
  readonly #registered = new Set<string>();
  #session: Promise<Session> | undefined;

  constructor(parts: ProducerParts) {
    this.#parts = parts;
    this.#name = `producer-${process.pid}-${randomBytes(3).toString('hex')}`;
  }

  /**
   * Puts one job into its queue. When this returns, Redis has it.
   *
   * @throws PayloadInvalidError with the path of every fault, PayloadTooLargeError: nothing was written.
   * @throws KeyConflictError when the key was given to another payload before: nothing was written.
   * @throws DefinitionError for an option that is unknown or of the wrong type; RangeError for a priority outside of its range, or in a queue whose tenants have turns.
   * @throws JobShedError when there is too much to do and this work gives way: nothing was written.
   * @throws RedisUnavailableError when Redis gave no answer: the job may or may not be there; with a key, try again safely.
   */
  async enqueue<J extends AnyJobDefinition>(
    job: J,
    payload: PayloadInput<J>,
    options: EnqueueOptions = {},
  ): Promise<EnqueuedJob<J>> {
    const [enqueued] = await this.enqueueMany(job, [payload], options);
    return enqueued as EnqueuedJob<J>;
  }

  /**
   * Puts many jobs of one kind into their queue, a few hundred to a round trip. All payloads are checked first: with one that
   * is not valid nothing is written. One whose key was given to another payload fails alone.
   *
   * @throws RangeError for one key for many payloads; what `enqueue` throws, after a KeyConflictError the others were written; after a RedisUnavailableError the first batches may have been written.
   */
  async enqueueMany<J extends AnyJobDefinition>(
    job: J,
    payloads: readonly PayloadInput<J>[],
    options: EnqueueOptions = {},
  ): Promise<EnqueuedJob<J>[]> {
    const wishes = readEnqueueOptions(options, payloads.length);
    assertPriority(job.queue, wishes.priority);
    const { tenant, traceparent } = wishes;
    const facts = { queue: job.queue.name, kind: job.kind, count: payloads.length, tenant, traceparent };
    const span = startSendSpan(facts);
    if (span === undefined) return this.#enqueueAll(job, payloads, wishes, carrierOfTraceparent(traceparent));
    return span.around(this.#enqueueAll(job, payloads, wishes, span.carrier));
  }

  async #enqueueAll<J extends AnyJobDefinition>(
    job: J,
    payloads: readonly PayloadInput<J>[],
    wishes: EnqueueWishes,
    carrier: string | undefined,
  ): Promise<EnqueuedJob<J>[]> {
    const startedAt = performance.now();
    const { metrics } = this.#parts;
    const queue = job.queue.name;
    const accepted: AcceptedPayload[] = [];
    try {
      for (const [index, payload] of payloads.entries()) {
        const accepting = this.#accept(job, payload, wishes, payloads.length > 1 ? index : undefined);
        accepted.push(accepting instanceof Promise ? await accepting : accepting);
      }
    } catch (error) {
      metrics.enqueueRejected.inc({ queue, reason: error instanceof PayloadTooLargeError ? 'too_large' : 'invalid' });
      throw error;
    }
    const { writer, directory, admission } = await this.#connectedFor(queue);
    const { tenant, key = accepted[0]?.key, whenShed } = wishes;
    const door = { queue: job.queue, tenant, key, count: accepted.length, whenShed };
    const waiting = admission.pass(door);
    if (waiting !== undefined) await waiting;
    let added: readonly AddedJob[];
    try {
      if (!this.#registered.has(queue)) {
        await directory.register([job.queue]);
        this.#registered.add(queue);
      }
      added = await writer.addEach(queue, accepted.length, (index) =>
        this.#newJob(job, accepted[index] as AcceptedPayload, wishes, carrier),
      );
    } catch (error) {
      metrics.enqueueRejected.inc({ queue, reason: 'unavailable' });
      throw inOurWords(error);
    }
    const kind = job.kind;
    const conflicts: number[] = [];
    let known = 0;
    for (const [index, { duplicate, conflict }] of added.entries()) {
      if (conflict) conflicts.push(index);
      else if (duplicate) known += 1;
    }
    const written = accepted.length - known - conflicts.length;
    metrics.jobsEnqueued.inc({ queue, kind, criticality: job.queue.criticality }, written);
    metrics.enqueueDuration.observe({ queue }, (performance.now() - startedAt) / 1000);
    if (known > 0) metrics.jobsDeduplicated.inc({ queue, kind }, known);
    if (conflicts.length > 0) {
      metrics.enqueueRejected.inc({ queue, reason: 'key_conflict' }, conflicts.length);
      throw keyConflict(kind, accepted, added, conflicts);
    }
    return accepted.map(({ key }, index) => {
      const { id, duplicate } = added[index] as AddedJob;
      return { id, queue, kind, key, duplicate, definition: job };
    });
  }

  /**
   * Waits until a job has ended and returns what its handler returned. For a kind with a fallback ask `outcome`, which tells the two apart.
   *
   * @throws JobFailedError when the job was dead-lettered or is gone; WaitTimeoutError when it has not ended in time.
   */
  async wait<J extends AnyJobDefinition>(enqueued: EnqueuedJob<J>, options: WaitOptions = {}): Promise<JobResult<J>> {
    return (await this.outcome(enqueued, options)).result as JobResult<J>;
  }

  /**
   * Waits until a job has ended and says what it came to: the result, and whether that is the fallback's.
   *
   * @throws JobFailedError when the job was dead-lettered or is gone; WaitTimeoutError when it has not ended in time.
   */
  async outcome<J extends AnyJobDefinition>(
    enqueued: EnqueuedJob<J>,
    options: WaitOptions = {},
  ): Promise<JobOutcome<J>> {
    const { inspector } = await this.#connected();
    try {
      return (await awaitOutcome(inspector, enqueued, options)) as JobOutcome<J>;
    } catch (error) {
      throw inOurWords(error);
    }
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    // A connection that failed was told to whoever asked for it, and leaves nothing to close.
    const open = await session?.catch(() => undefined);
    if (open) await closeRedis(open.client);
  }

  /** Checks a payload; a promise only when its schema takes its time. */
  #accept(
    job: AnyJobDefinition,
    payload: unknown,
    wishes: EnqueueWishes,
    index: number | undefined,
  ): AcceptedPayload | Promise<AcceptedPayload> {
    const refuse = (error: unknown): never => {
      if (index === undefined || !(error instanceof PayloadInvalidError)) throw error;
      throw new PayloadInvalidError(job.kind, error.faults, ` at index ${index}`);
    };
    let checked: unknown;
    try {
      checked = validatePayload(job.kind, job.payload, payload);
    } catch (error) {
      refuse(error);
    }
    if (!(checked instanceof Promise)) return this.#encode(job, payload, checked, wishes);
    return checked.then((output: unknown) => this.#encode(job, payload, output, wishes), refuse);
  }

  #encode(job: AnyJobDefinition, payload: unknown, checked: unknown, wishes: EnqueueWishes): AcceptedPayload {
    // What is written is what the producer gave: the worker's schema fills in defaults, so that they can change later.
    const payloadJson = encodePayload(job.kind, payload);
    const bytes = Buffer.byteLength(payloadJson);
    const { maxPayloadBytes } = this.#parts.job;
    if (bytes > maxPayloadBytes) throw new PayloadTooLargeError(job.kind, bytes, maxPayloadBytes);
    return { payload, payloadJson, key: wishes.key ?? job.idempotencyKey?.(checked) };
  }

  #newJob(
    job: AnyJobDefinition,
    { payload, payloadJson, key }: AcceptedPayload,
    wishes: EnqueueWishes,
    carrier: string | undefined,
  ): NewJob {
    const { tenant, delayMs, expiresInMs, priority } = wishes;
    const now = Date.now() as EpochMs;
    const meta: JobMeta = {
      version: job.version,
      ...(key !== undefined && { key }),
      ...(tenant !== undefined && { tenant }),
      ...(expiresInMs !== undefined && { deadline: (now + expiresInMs) as EpochMs }),
      producer: this.#name,
    };
    const digest = key === undefined ? undefined : keyDigest({ kind: job.kind, tenant, key });
    const { tenants } = job.queue;
    return {
      id: digest ?? randomJobId(),
      ...(digest !== undefined && { fingerprint: payloadFingerprint(job.version, payload) }),
      kind: job.kind,
      payloadJson,
      meta,
      carrier,
      enqueuedAt: now,
      delayMs,
      priority,
      ...(tenants !== undefined && { share: shareOf(tenants, tenant) }),
    };
  }

  /** The connection for an enqueue, which counts as refused without one. */
  async #connectedFor(queue: string): Promise<Session> {
    try {
      return await this.#connected();
    } catch (error) {
      this.#parts.metrics.enqueueRejected.inc({ queue, reason: 'unavailable' });
      throw inOurWords(error);
    }
  }

  async #connected(): Promise<Session> {
    this.#session ??= this.#connect();
    try {
      return await this.#session;
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }

  async #connect(): Promise<Session> {
    const { redis, producer, log, metrics } = this.#parts;
    const open = await openRedis({ redis, name: `bulwark:${this.#name}`, manner: 'prompt', log, metrics });
    const follower = new DirectiveFollower({
      store: new ShedStore(open.client, open.keyspace),
      clock: systemClock,
      onError: open.reportError,
    });
    // Heard of before its first job, so that a producer that lives for one job alone obeys too.
    await follower.refresh().catch(open.reportError);
    return {
      ...open,
      writer: new QueueWriter(open.client, open.keyspace, this.#parts.producer.batchSize),
      directory: new QueueDirectory(open.client, open.keyspace),
      inspector: new QueueInspector(open.client, open.keyspace),
      admission: new Admission({
        follower,
        waitMs: producer.shedWaitMs,
        clock: systemClock,
        random: Math.random,
        metrics,
      }),
    };
  }
}

/** Who has turns needs no other order, and a job outside of it would starve the others or itself. */
function assertPriority({ name, tenants }: QueueDefinition, priority: number): void {
  if (tenants === undefined || priority === 0) return;
  throw new RangeError(
    `priority must be 0 in the queue ${name}, whose tenants have turns, got ${priority}; give the tenant a weight, or the kind a queue of another criticality`,
  );
}

function encodePayload(kind: string, payload: unknown): string {
  try {
    return JSON.stringify(payload) ?? 'null';
  } catch (error) {
    throw new PayloadInvalidError(kind, [{ path: '', message: `cannot be written as JSON: ${errorMessage(error)}` }]);
  }
}

/** Names the keys that stand for something else already, a few of them when they are many. */
function keyConflict(
  kind: string,
  accepted: readonly AcceptedPayload[],
  added: readonly AddedJob[],
  conflicts: readonly number[],
): KeyConflictError {
  const named = conflicts.slice(0, 5).map((index) => {
    const at = accepted.length > 1 ? ` at index ${index}` : '';
    return `${JSON.stringify(accepted[index]?.key)}${at} (job ${added[index]?.id})`;
  });
  const more = conflicts.length > named.length ? ` and ${conflicts.length - named.length} more` : '';
  const keys = conflicts.length > 1 ? 'keys' : 'key';
  const others = accepted.length > 1 ? 'The others were enqueued' : 'Nothing was enqueued';
  return new KeyConflictError(
    `${kind}: the idempotency ${keys} ${named.join(', ')}${more} ${conflicts.length > 1 ? 'were' : 'was'} given to another payload before. ${others}; send the payload of that time, or another key`,
    {
      details: {
        kind,
        indexes: conflicts.slice(0, 100),
        ids: conflicts.slice(0, 100).map((index) => added[index]?.id),
      },
    },
  );
}

/** Says in our words that Redis gave no answer; every other error stays as it is. */
function inOurWords(error: unknown): unknown {
  if (isBulwarkError(error) || !isConnectionError(error)) return error;
  return new RedisUnavailableError(`Redis gave no answer: ${errorMessage(error)}`, { cause: error });
}

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return (
    error.message === 'Command timed out' ||
    error.name === 'MaxRetriesPerRequestError' ||
    error.message.startsWith('Connection is closed') ||
    (typeof code === 'string' && code.startsWith('E'))
  );
}
