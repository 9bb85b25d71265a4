import type { CallGates } from '../breaker/call-gates.js';
import { StepStore } from '../idempotency/step-store.js';
import type { QueueDefinition } from '../job/define-queue.js';
import type { Outcome } from '../job/outcome.js';
import { connectionName } from '../recovery/connections.js';
import type { OpenRedis } from '../redis/open-redis.js';
import { retryBudgetRule } from '../retry/retry-budget.js';
import { RetryBudgetStore } from '../retry/retry-budget-store.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { AttemptSpan } from '../telemetry/tracing/attempt-span.js';
import type { Clock } from '../time/clock.js';
import type { FetchedJob } from '../transport/fetched-job.js';
import { QueueConsumer } from '../transport/queue-consumer.js';
import type { AdaptiveSlots } from './adaptive-slots.js';
import { AttemptSpans } from './attempt-spans.js';
import { countObjectives, waitedMs } from './count-objectives.js';
import { Executor } from './executor.js';
import type { HungHandler } from './hung-handlers.js';
import { reportOutcome } from './report-outcome.js';
import { RetryAdmission } from './retry-admission.js';
import type { ShedGate } from './shed-gate.js';
import type { WorkerParts } from './worker-parts.js';

export interface ConsumerContext {
  readonly parts: WorkerParts;
  readonly clock: Clock;
  /** The worker's id. */
  readonly worker: string;
  readonly open: OpenRedis;
  readonly gates: CallGates;
  /** What gives way while work is shed. */
  readonly shedGate: ShedGate;
  /** Finds how many jobs run at once; undefined where that is fixed. */
  readonly adaptive: AdaptiveSlots | undefined;
  /** Whether the worker takes jobs of no other queue. */
  readonly isAlone: boolean;
  readonly onHung: (handler: HungHandler) => void;
  /** Told when it gets no work and a new connection did not help: it takes a new process. */
  readonly onBeyondRepair: (reason: string) => void;
}

const interrupted: Outcome = { kind: 'interrupted', reason: 'shutdown' };
/** A suspect that was not finished is not to run among others: the next lane is found within seconds. */
const setAsideAgain: Outcome = { kind: 'parked', reason: 'quarantine', delayMs: 60_000 };

/** The part of a worker that serves one queue: takes its jobs, runs them, and tells log and metrics how they ended. */
export function createConsumer(queue: QueueDefinition, context: ConsumerContext): QueueConsumer {
  const { parts, clock, worker, open, gates, shedGate, adaptive, isAlone, onHung, onBeyondRepair } = context;
  const { worker: settings, job: limits, log, metrics, registry } = parts;
  const givenBack = parts.suspect === undefined ? interrupted : setAsideAgain;
  const spans = new AttemptSpans(queue.name, worker);
  const executor = new Executor({
    registry,
    limits,
    abortGraceMs: settings.abortGraceMs,
    log,
    metrics,
    gates,
    clock,
    random: Math.random,
    onHung,
    givenBack,
    retries: createRetryAdmission(queue, context),
    // A suspect runs alone, and stands in nobody's way.
    shed: (job, definition) => (parts.suspect === undefined ? shedGate.decide(job, definition) : { kind: 'run' }),
    claimKey: (job, digest, fingerprint) => consumer.claimKey(job, digest, fingerprint),
    reportProgress: (jobId, progress) => consumer.reportProgress(jobId, progress),
    stepStore: new StepStore(open.client, open.keyspace, queue.name),
    ...(adaptive && { onRan: (job: FetchedJob, isDone: boolean) => adaptive.ran(job, isDone) }),
  });
  const consumer: QueueConsumer = new QueueConsumer({
    client: open.client,
    keyspace: open.keyspace,
    queue: queue.name,
    worker,
    isAlone,
    connectionName: connectionName(worker),
    slots: settings.maxConcurrency === false ? settings.concurrency : settings.maxConcurrency,
    slotsAtFirst: settings.concurrency,
    tenantSlots: queue.tenants && (queue.tenants.maxSlots ?? 0),
    // Whoever finds its own number of slots finds one that keeps Redis busy; and a job that waits here would take the slot of its tenant.
    prefetch: settings.prefetch && settings.maxConcurrency === false && !queue.tenants?.maxSlots,
    leaseMs: settings.leaseMs,
    leaseRenewMs: settings.leaseRenewMs,
    fetchBlockMs: settings.fetchBlockMs,
    keepCompleted: { age: Math.ceil(limits.keepCompletedMs / 1000), count: limits.keepCompletedCount },
    keepAttempts: limits.keepAttempts,
    keepKeysMs: limits.keepKeysMs,
    execute: (job, cancellation) => {
      const span = spans.start(job);
      adaptive?.taken(job);
      const outcome = executor.execute(job, cancellation, span);
      // Mostly the handler has begun by now, and did not wait for this.
      observeWait(job, queue, metrics, span);
      return outcome;
    },
    givenBack,
    onSettled: (job, outcome, settled) => {
      adaptive?.freed(job);
      if (settled.kind === 'done') countObjectives(job, outcome, queue, metrics);
      reportOutcome({ job, queue: queue.name, outcome, settled, log, metrics, now: clock.now(), span: spans.of(job) });
    },
    onRenewed: (result, count) => metrics.leaseRenewals.inc({ result }, count),
    onStuck: (action, silentMs) => {
      metrics.fetchStuck.inc({ queue: queue.name, action });
      if (action === 'replace')
        onBeyondRepair(`queue ${queue.name} gave no answer to a fetch for ${silentMs / 1_000} s`);
    },
    onError: open.reportError,
    log,
  });
  return consumer;
}

/** A suspect has got a process of its own, and is not to give it up for a budget. */
function createRetryAdmission({ name }: QueueDefinition, { parts, open }: ConsumerContext): RetryAdmission | undefined {
  const { job: limits, log, metrics, suspect } = parts;
  const { retryBudget } = limits;
  if (retryBudget === false || suspect !== undefined) return undefined;
  const rule = retryBudgetRule({ ...limits, retryBudget });
  const store = new RetryBudgetStore(open.client, open.keyspace, name, rule);
  return new RetryAdmission({ store, queue: name, random: Math.random, log, metrics });
}

/** Waiting is what happens before the first attempt; later ones wait because they were told to. */
function observeWait(
  job: FetchedJob,
  { name, criticality }: QueueDefinition,
  metrics: Metrics,
  span: AttemptSpan | undefined,
): void {
  if (job.attemptsMade > 0) return;
  metrics.jobWait.observe({ queue: name, criticality }, waitedMs(job) / 1000, span?.exemplar);
}
