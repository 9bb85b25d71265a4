import { randomBytes } from 'node:crypto';
import type { AnyJobDefinition, JobResult, PayloadInput } from '../job/define-job.js';
import type { QueueDefinition } from '../job/define-queue.js';
import { PayloadTooLargeError } from '../job/payload.js';
import { asUnavailable } from '../redis/as-unavailable.js';
import { carrierOfTraceparent, startSendSpan } from '../telemetry/tracing/send-span.js';
import type { EpochMs } from '../time/duration.js';
import type { AddedJob } from '../transport/add-calls.js';
import { type AcceptedPayload, acceptPayload } from './accept-payload.js';
import { awaitOutcome, type WaitOptions } from './await-outcome.js';
import { type EnqueueOptions, type EnqueueWishes, readEnqueueOptions } from './enqueue-options.js';
import { keyConflict } from './key-conflict.js';
import { newJob } from './new-job.js';
import { ProducerConnection, type ProducerSession } from './producer-connection.js';
import type { ProducerParts } from './producer-parts.js';

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

/** What a producing service holds: typed, validated, idempotent by key. Connects when first used. */
export class Producer {
  readonly #parts: ProducerParts;
  readonly #name: string;
  readonly #connection: ProducerConnection;
  readonly #registered = new Set<string>();

  constructor(parts: ProducerParts) {
    this.#parts = parts;
    this.#name = `producer-${process.pid}-${randomBytes(3).toString('hex')}`;
    this.#connection = new ProducerConnection(parts, this.#name);
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
    const [enqueued] = await this.#start(job, [payload], options);
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
    return this.#start(job, payloads, options);
  }

  /** Begins an enqueue in the span of its own, when somebody traces it. */
  #start<J extends AnyJobDefinition>(
    job: J,
    payloads: readonly PayloadInput<J>[],
    options: EnqueueOptions,
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
    const { metrics, job: limits } = this.#parts;
    const { kind } = job;
    const queue = job.queue.name;
    const accepted: AcceptedPayload[] = [];
    try {
      const bounds = { key: wishes.key, maxPayloadBytes: limits.maxPayloadBytes };
      for (let index = 0; index < payloads.length; index++) {
        const accepting = acceptPayload(job, payloads[index], bounds, payloads.length > 1 ? index : undefined);
        accepted.push(accepting instanceof Promise ? await accepting : accepting);
      }
    } catch (error) {
      metrics.enqueueRejected.inc({ queue, reason: error instanceof PayloadTooLargeError ? 'too_large' : 'invalid' });
      throw error;
    }
    const { writer, directory, admission } = this.#connection.opened ?? (await this.#connectedFor(queue));
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
      const facts = { wishes, carrier, producer: this.#name };
      added = await writer.addEach(queue, accepted.length, (index) =>
        newJob(job, accepted[index] as AcceptedPayload, facts, Date.now() as EpochMs),
      );
    } catch (error) {
      metrics.enqueueRejected.inc({ queue, reason: 'unavailable' });
      throw asUnavailable(error);
    }
    const conflicts = this.#count(job, added, startedAt);
    if (conflicts.length > 0) throw keyConflict(kind, accepted, added, conflicts);
    return accepted.map(({ key }, index) => {
      const { id, duplicate } = added[index] as AddedJob;
      return { id, queue, kind, key, duplicate, definition: job };
    });
  }

  /** Counts what became of each job. Answers the places of those whose key stands for another payload. */
  #count(
    { kind, queue: { name: queue, criticality } }: AnyJobDefinition,
    added: readonly AddedJob[],
    startedAt: number,
  ): number[] {
    const { metrics } = this.#parts;
    const conflicts: number[] = [];
    let known = 0;
    for (const [index, { duplicate, conflict }] of added.entries()) {
      if (conflict) conflicts.push(index);
      else if (duplicate) known += 1;
    }
    metrics.jobsEnqueued.inc({ queue, kind, criticality }, added.length - known - conflicts.length);
    metrics.enqueueDuration.observe({ queue }, (performance.now() - startedAt) / 1000);
    if (known > 0) metrics.jobsDeduplicated.inc({ queue, kind }, known);
    if (conflicts.length > 0) metrics.enqueueRejected.inc({ queue, reason: 'key_conflict' }, conflicts.length);
    return conflicts;
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
    const { inspector } = await this.#connection.session();
    try {
      return (await awaitOutcome(inspector, enqueued, options)) as JobOutcome<J>;
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** The connection for an enqueue, which counts as refused without one. */
  async #connectedFor(queue: string): Promise<ProducerSession> {
    try {
      return await this.#connection.session();
    } catch (error) {
      this.#parts.metrics.enqueueRejected.inc({ queue, reason: 'unavailable' });
      throw asUnavailable(error);
    }
  }
}

/** Who has turns needs no other order, and a job outside of it would starve the others or itself. */
function assertPriority({ name, tenants }: QueueDefinition, priority: number): void {
  if (tenants === undefined || priority === 0) return;
  throw new RangeError(
    `priority must be 0 in the queue ${name}, whose tenants have turns, got ${priority}; give the tenant a weight, or the kind a queue of another criticality`,
  );
}
