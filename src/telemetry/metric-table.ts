import { criticalities } from '../job/criticality.js';
import { deadLetterReasons, errorClasses, type OutcomeKind } from '../job/outcome.js';
import { shedReasons } from '../job/shed-reason.js';
import type { Role } from './role.js';

/**
 * What a label may hold: a list closes it to those words; a sentence leaves it open and says what stands there. An open
 * label is bounded by what the pool declares (queues, kinds, dependencies), never by what jobs contain.
 */
export type LabelRule = string | readonly string[];

interface MetricBasics {
  /** The name in Prometheus: base units, `_total` for counters and for nothing else. */
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelRule>>;
  /** The roles that export it. Elsewhere recording it does nothing. */
  readonly by: readonly Role[];
}

export type MetricRow =
  | (MetricBasics & { readonly type: 'counter' | 'gauge' })
  | (MetricBasics & {
      readonly type: 'histogram';
      readonly buckets: readonly number[];
      /** Whether observations may name the trace that they were made in. */
      readonly exemplars?: true;
    });

/** Why `enqueue` refused a job. */
const enqueueRejections = ['invalid', 'too_large', 'key_conflict', 'unavailable', 'shed'] as const;

/** What the effect ledger says of a key that is not free. */
const ledgerVerdicts = ['committed', 'failed', 'busy', 'mismatch'] as const;

/**
 * The states a queue's jobs are counted in: BullMQ's words, and `dead_lettered` for what lies in its dead-letter queue.
 * The sum over all of them is every job the queue still knows.
 */
const queueStates = [
  'waiting',
  'prioritized',
  'delayed',
  'active',
  'waiting-children',
  'completed',
  'failed',
  'dead_lettered',
] as const;

/** What a retry budget says to a job that is about to run again. */
const retryVerdicts = ['taken', 'empty', 'overdrawn'] as const;

const outcomes = [
  'completed',
  'retried',
  'parked',
  'dead_lettered',
  'interrupted',
  'lease_lost',
] as const satisfies readonly OutcomeKind[];

/** Why a group of queues wants as many workers as it does; `scaling/scale-record.ts` has their meaning. */
const scaleReasons = [
  'idle',
  'minimum',
  'demand',
  'backlog',
  'late',
  'unmeasured',
  'breaker_open',
  'redis_pressure',
  'stabilizing',
  'operator',
] as const;

/** The phases of a breaker. */
const breakerStates = ['closed', 'open', 'half_open', 'isolated'] as const;

const queue = 'name of a queue';
const group = 'name of a group of queues';
/** Bounded; see `breaker/breaker-label.ts`. */
const breaker =
  'name of a dependency, or `<dependency>/<key>` of the first 200 keys; the others share `<dependency>/*`';
/** Bounded by the kinds a process knows; see `kind-label.ts`. */
export const anyKind = 'a known kind, or `other`';

/** Jobs take from milliseconds to half an hour; the edges at 30 s and 5 min are the promises queues usually make. */
/** Each edge is a line for each queue or kind: a large pool reads 40 kB more for one with every scrape. */
const jobBuckets = [0.005, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800] as const;
const callBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
const roundTripBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5] as const;

const everyone: readonly Role[] = ['worker', 'supervisor', 'producer'];

/**
 * Every metric Bulwark exports. The instruments' types, the reference page and the checks on dashboards follow from it.
 *
 * Job ids, keys and tenants never become labels: they belong in logs. How much the event loop lags is not here because
 * prom-client's own `nodejs_eventloop_lag_p99_seconds` says it and every Node dashboard knows it.
 */
export const metricTable = {
  jobsEnqueued: {
    name: 'bulwark_jobs_enqueued_total',
    type: 'counter',
    help: 'Jobs accepted into a queue; not those whose key had given a job before.',
    labels: { queue, kind: anyKind, criticality: criticalities },
    by: ['producer', 'worker'],
  },
  jobsDeduplicated: {
    name: 'bulwark_jobs_deduplicated_total',
    type: 'counter',
    help: 'Jobs that were enqueued again with the key and payload of one that is known: nothing was written.',
    labels: { queue, kind: anyKind },
    by: ['producer', 'worker'],
  },
  enqueueRejected: {
    name: 'bulwark_enqueue_rejected_total',
    type: 'counter',
    help: 'Jobs refused at enqueue; nothing was written.',
    labels: { queue, reason: enqueueRejections },
    by: ['producer', 'worker'],
  },
  enqueueDuration: {
    name: 'bulwark_enqueue_duration_seconds',
    type: 'histogram',
    help: 'How long an enqueue call took, from the call to the answer of Redis.',
    labels: { queue },
    by: ['producer', 'worker'],
    buckets: roundTripBuckets,
  },
  ledgerVerdicts: {
    name: 'bulwark_ledger_verdicts_total',
    type: 'counter',
    help: 'Jobs whose handler was not called because of their idempotency key: done before, failed for good before, another at it, or another payload.',
    labels: { kind: anyKind, verdict: ledgerVerdicts },
    by: ['worker'],
  },
  jobAttempts: {
    name: 'bulwark_job_attempts_total',
    type: 'counter',
    help: 'Attempts that ended, by how they ended.',
    labels: { queue, kind: anyKind, outcome: outcomes },
    by: ['worker'],
  },
  jobWait: {
    name: 'bulwark_job_wait_seconds',
    type: 'histogram',
    help: 'How long a job waited from when it could run until its attempt started.',
    labels: { queue, criticality: criticalities },
    by: ['worker'],
    buckets: jobBuckets,
    exemplars: true,
  },
  jobsWaited: {
    name: 'bulwark_jobs_waited_total',
    type: 'counter',
    help: 'Jobs whose first attempt ended, by whether it had started within the SLO of their queue. Each job counts once; what was set aside counts when it has run.',
    labels: { queue, criticality: criticalities, result: ['in_time', 'late'] },
    by: ['worker'],
  },
  jobsEnded: {
    name: 'bulwark_jobs_ended_total',
    type: 'counter',
    help: 'Jobs that came to their end. `failed`: they were dead-lettered; not those that ended with an expected no, which succeeded, nor cancelled ones, which do not count.',
    labels: { queue, criticality: criticalities, result: ['succeeded', 'failed'] },
    by: ['worker'],
  },
  jobErrors: {
    name: 'bulwark_job_errors_total',
    type: 'counter',
    help: 'Attempts that ended with an error, by what the error means for the job.',
    labels: { queue, kind: anyKind, class: errorClasses },
    by: ['worker'],
  },
  jobDuration: {
    name: 'bulwark_job_duration_seconds',
    type: 'histogram',
    help: 'How long an attempt ran that the handler or its deadline ended. What was set aside, given back or lost says nothing about the work.',
    labels: { queue, kind: anyKind, outcome: ['completed', 'retried', 'dead_lettered'] },
    by: ['worker'],
    buckets: jobBuckets,
    exemplars: true,
  },
  workerSlots: {
    name: 'bulwark_worker_slots',
    type: 'gauge',
    help: 'Places for running jobs in this worker. The sum over both states is its concurrency.',
    labels: { queue, state: ['busy', 'idle'] },
    by: ['worker'],
  },
  fetchStuck: {
    name: 'bulwark_fetch_stuck_total',
    type: 'counter',
    help: 'Fetches that got no answer although a connection stood, by what was done: the connection rebuilt, or the process to be replaced.',
    labels: { queue, action: ['rebuild', 'replace'] },
    by: ['worker'],
  },
  leaseRenewals: {
    name: 'bulwark_lease_renewals_total',
    type: 'counter',
    help: 'Lease renewals of running jobs. `lost` means another attempt owns the job; `error` means Redis did not answer.',
    labels: { result: ['renewed', 'lost', 'error'] },
    by: ['worker'],
  },
  dependencyCall: {
    name: 'bulwark_dependency_call_seconds',
    type: 'histogram',
    help: 'How long calls through `ctx.call` took.',
    labels: { dependency: 'name of a dependency', result: ['ok', 'error', 'timeout'] },
    by: ['worker'],
    buckets: callBuckets,
  },
  retryBudget: {
    name: 'bulwark_retry_budget_verdicts_total',
    type: 'counter',
    help: 'Jobs that were about to run again, by what their retry budget said: `taken` from it; `empty`, and the job is postponed; `overdrawn` by a job that could not wait.',
    labels: { queue, dependency: 'name of a dependency, or `-` for all other causes', verdict: retryVerdicts },
    by: ['worker'],
  },
  breakerCalls: {
    name: 'bulwark_breaker_calls_total',
    type: 'counter',
    help: 'Calls through `ctx.call` by what they told of the dependency: `ignored` nothing, such as an expected no; `rejected` were not made.',
    labels: { dependency: 'name of a dependency', result: ['success', 'failure', 'ignored', 'rejected'] },
    by: ['worker'],
  },
  jobFallbacks: {
    name: 'bulwark_job_fallbacks_total',
    type: 'counter',
    help: 'Jobs that completed with their fallback, because a dependency was not to be called or there was too much to do.',
    labels: { queue, kind: anyKind, dependency: 'name of a dependency, or `shed`' },
    by: ['worker'],
  },
  concurrencyLimit: {
    name: 'bulwark_worker_concurrency_limit',
    type: 'gauge',
    help: 'How many jobs of a queue this worker runs at once at most, where `worker.maxConcurrency` lets it find out.',
    labels: { queue },
    by: ['worker'],
  },
  deadLetters: {
    name: 'bulwark_dead_letters_total',
    type: 'counter',
    help: 'Jobs moved to a dead-letter queue.',
    labels: { queue, kind: anyKind, reason: deadLetterReasons },
    by: ['worker', 'supervisor'],
  },
  deadLettersDropped: {
    name: 'bulwark_dead_letters_dropped_total',
    type: 'counter',
    help: 'Dead letters deleted because they were older than `deadLetter.keepMs` (`age`), or more than `deadLetter.keepCount` (`count`).',
    labels: { queue, reason: ['age', 'count'] },
    by: ['supervisor'],
  },
  queueSlo: {
    name: 'bulwark_queue_slo_seconds',
    type: 'gauge',
    help: 'How long a job of the queue may wait before users notice, as `defineQueue` says. The leader exports it, and every worker: take the maximum, not the sum.',
    labels: { queue, criticality: criticalities },
    by: ['worker', 'supervisor'],
  },
  queueGroup: {
    name: 'bulwark_queue_group',
    type: 'gauge',
    help: 'Always 1; the labels say which group of queues, whose workers are wanted together, a queue is of. Only the leader exports it.',
    labels: { queue, group },
    by: ['supervisor'],
  },
  queueJobs: {
    name: 'bulwark_queue_jobs',
    type: 'gauge',
    help: 'Jobs in a queue by state. Only the leader exports it.',
    labels: { queue, state: queueStates },
    by: ['supervisor'],
  },
  queueOldestJobAge: {
    name: 'bulwark_queue_oldest_job_age_seconds',
    type: 'gauge',
    help: 'How long the job that waits longest has been able to run; 0 when none waits. A delayed job counts from when it was due, one that came back from then on. Only the leader exports it.',
    labels: { queue },
    by: ['supervisor'],
  },
  queueScheduleLag: {
    name: 'bulwark_queue_schedule_lag_seconds',
    type: 'gauge',
    help: 'How late the delayed job is that should have been ready first; 0 when none is late. Only the leader exports it.',
    labels: { queue },
    by: ['supervisor'],
  },
  queuePaused: {
    name: 'bulwark_queue_paused',
    type: 'gauge',
    help: '1 when the queue gives no jobs, else 0. Only the leader exports it.',
    labels: { queue },
    by: ['supervisor'],
  },
  workers: {
    name: 'bulwark_workers',
    type: 'gauge',
    help: 'Workers by what the supervisor thinks of them. Only the leader exports it.',
    labels: { state: ['alive', 'blocked', 'suspect', 'dead'] },
    by: ['supervisor'],
  },
  desiredWorkers: {
    name: 'bulwark_desired_workers',
    type: 'gauge',
    help: 'How many workers a group of queues wants, as `/autoscale/v1/<group>` says it. Only the leader exports it.',
    labels: { group },
    by: ['supervisor'],
  },
  neededWorkers: {
    name: 'bulwark_needed_workers',
    type: 'gauge',
    help: 'How many workers a group of queues needs at this moment, before that is steadied and an operator has his say. Only the leader exports it.',
    labels: { group },
    by: ['supervisor'],
  },
  currentWorkers: {
    name: 'bulwark_current_workers',
    type: 'gauge',
    help: 'How many workers take jobs of a group of queues. Only the leader exports it.',
    labels: { group },
    by: ['supervisor'],
  },
  scaleReason: {
    name: 'bulwark_scale_reason',
    type: 'gauge',
    help: '1 for the reason why a group of queues wants as many workers as it does, 0 for the others. Only the leader exports it.',
    labels: { group, reason: scaleReasons },
    by: ['supervisor'],
  },
  workersVanished: {
    name: 'bulwark_workers_vanished_total',
    type: 'counter',
    help: 'Workers whose connections were gone from Redis: dead, back a moment later, or so many together that their silence decides.',
    labels: { verdict: ['dead', 'back', 'together'] },
    by: ['supervisor'],
  },
  workerDeaths: {
    name: 'bulwark_worker_deaths_total',
    type: 'counter',
    help: 'Workers that died without saying farewell, by how it was noticed: `exited`, their connections were gone; `silent`, they stopped beating, alone or many at once. Around a change of leaders one may count twice.',
    labels: { how: ['exited', 'silent'] },
    by: ['supervisor'],
  },
  orphanedJobs: {
    name: 'bulwark_orphaned_jobs_total',
    type: 'counter',
    help: 'Active jobs found without a live owner, by what was done with them.',
    labels: { queue, decision: ['requeued', 'quarantined', 'dead_lettered'] },
    by: ['supervisor'],
  },
  halfWrittenJobs: {
    name: 'bulwark_half_written_jobs_total',
    type: 'counter',
    help: 'Jobs found in no place or in several, which should never be, by what was done with them.',
    labels: { queue, fault: ['lost', 'twice'], decision: ['repaired', 'left'] },
    by: ['supervisor'],
  },
  breakerState: {
    name: 'bulwark_breaker_state',
    type: 'gauge',
    help: '1 for the state that a breaker of the fleet is in, 0 for the others. A breaker that has not opened lately has no series. Only the leader exports it.',
    labels: { breaker, state: breakerStates },
    by: ['supervisor'],
  },
  breakerTransitions: {
    name: 'bulwark_breaker_transitions_total',
    type: 'counter',
    help: 'Transitions of the breakers of the fleet, as the leader saw them.',
    labels: { breaker, from: breakerStates, to: breakerStates },
    by: ['supervisor'],
  },
  breakerParkedJobs: {
    name: 'bulwark_breaker_parked_jobs',
    type: 'gauge',
    help: 'Jobs set aside because of a breaker. Only the leader exports it.',
    labels: { breaker },
    by: ['supervisor'],
  },
  breakerReturnedJobs: {
    name: 'bulwark_breaker_returned_jobs_total',
    type: 'counter',
    help: 'Jobs that the leader brought back before they were due, because their breaker let calls through.',
    labels: { queue },
    by: ['supervisor'],
  },
  supervisorLeader: {
    name: 'bulwark_supervisor_leader',
    type: 'gauge',
    help: '1 on the supervisor that leads, 0 on a standby. The sum over all is 1.',
    labels: {},
    by: ['supervisor'],
  },
  supervisorEpoch: {
    name: 'bulwark_supervisor_epoch',
    type: 'gauge',
    help: 'The last election this supervisor knows of. It grows by one with each.',
    labels: {},
    by: ['supervisor'],
  },
  auditEntries: {
    name: 'bulwark_audit_entries',
    type: 'gauge',
    help: 'How many entries the audit stream ever had: the number of its last one. Only the leader exports it.',
    labels: {},
    by: ['supervisor'],
  },
  auditTrimmed: {
    name: 'bulwark_audit_trimmed_entries',
    type: 'gauge',
    help: 'How many entries of the audit stream ever gave way because a day was full. Only the leader exports it.',
    labels: {},
    by: ['supervisor'],
  },
  shedLevel: {
    name: 'bulwark_shed_level',
    type: 'gauge',
    help: 'Which part of what arrives is to be shed, from 0 to 0.95. Only the leader exports it.',
    labels: {},
    by: ['supervisor'],
  },
  shedClassRatio: {
    name: 'bulwark_shed_class_ratio',
    type: 'gauge',
    help: 'Which part of a class of importance gives way, from 0 to 1. Only the leader exports it.',
    labels: { criticality: criticalities },
    by: ['supervisor'],
  },
  historyTrimmed: {
    name: 'bulwark_history_trimmed_jobs_total',
    type: 'counter',
    help: 'Completed jobs that the leader removed before their time, because the memory of Redis was short.',
    labels: { queue },
    by: ['supervisor'],
  },
  jobsShed: {
    name: 'bulwark_jobs_shed_total',
    type: 'counter',
    help: 'Jobs that gave way, by why. Refused ones were never accepted; degraded ones ran their fallback; delayed and parked ones come back.',
    labels: {
      queue,
      criticality: criticalities,
      action: ['refused', 'degraded', 'delayed', 'parked'],
      reason: shedReasons,
    },
    by: ['producer', 'worker'],
  },
  serviceRuns: {
    name: 'bulwark_service_runs_total',
    type: 'counter',
    help: 'Runs of the periodic services inside a process.',
    labels: { service: 'name of a service', result: ['ok', 'error'] },
    by: everyone,
  },
  serviceRunDuration: {
    name: 'bulwark_service_run_duration_seconds',
    type: 'histogram',
    help: 'How long one run of a periodic service took.',
    labels: { service: 'name of a service' },
    by: everyone,
    buckets: roundTripBuckets,
  },
  redisErrors: {
    name: 'bulwark_redis_errors_total',
    type: 'counter',
    help: 'Failures seen on the connection to Redis: `connection` lost or refused, `timeout` without an answer, `command` answered with an error.',
    labels: { kind: ['connection', 'timeout', 'command'] },
    by: everyone,
  },
  redisRoundTrip: {
    name: 'bulwark_redis_round_trip_seconds',
    type: 'histogram',
    help: 'How long Redis took to answer the leader, once a second.',
    labels: {},
    by: ['supervisor'],
    buckets: roundTripBuckets,
  },
  redisMemoryUsed: {
    name: 'bulwark_redis_memory_used_bytes',
    type: 'gauge',
    help: 'Memory that Redis uses for data. Only the leader measures it; elsewhere it is 0.',
    labels: {},
    by: ['supervisor'],
  },
  redisMemoryMax: {
    name: 'bulwark_redis_memory_max_bytes',
    type: 'gauge',
    help: 'Memory that Redis may use, `maxmemory`; 0 without a limit. Only the leader measures it; elsewhere it is 0.',
    labels: {},
    by: ['supervisor'],
  },
  redisEvictionPolicy: {
    name: 'bulwark_redis_eviction_policy',
    type: 'gauge',
    help: 'Always 1; the label says what Redis deletes when its memory is full. Anything but `noeviction` loses jobs. Only the leader exports it.',
    labels: { policy: 'the `maxmemory-policy` of Redis, or `unknown`' },
    by: ['supervisor'],
  },
  redisEvictedKeys: {
    name: 'bulwark_redis_evicted_keys_total',
    type: 'counter',
    help: 'Keys that Redis deleted because its memory was full, since this supervisor leads. Each may have been a job.',
    labels: {},
    by: ['supervisor'],
  },
  redisCommands: {
    name: 'bulwark_redis_commands_total',
    type: 'counter',
    help: 'Commands that Redis has run for all its clients, since this supervisor leads.',
    labels: {},
    by: ['supervisor'],
  },
  redisConnectedClients: {
    name: 'bulwark_redis_connected_clients',
    type: 'gauge',
    help: 'Connections to Redis. Only the leader measures it; elsewhere it is 0.',
    labels: {},
    by: ['supervisor'],
  },
  redisBlockedClients: {
    name: 'bulwark_redis_blocked_clients',
    type: 'gauge',
    help: 'Connections that wait in a blocking command, as idle workers do. Only the leader measures it; elsewhere it is 0.',
    labels: {},
    by: ['supervisor'],
  },
  redisMaxClients: {
    name: 'bulwark_redis_max_clients',
    type: 'gauge',
    help: 'How many connections Redis takes; 0 when it does not say. Only the leader measures it; elsewhere it is 0.',
    labels: {},
    by: ['supervisor'],
  },
  redisUptime: {
    name: 'bulwark_redis_uptime_seconds',
    type: 'gauge',
    help: 'For how long the server of Redis runs. Only the leader measures it; elsewhere it is 0.',
    labels: {},
    by: ['supervisor'],
  },
  redisPersistenceFailing: {
    name: 'bulwark_redis_persistence_failing',
    type: 'gauge',
    help: '1 while Redis could not write its append-only file or its last snapshot: what was accepted since is gone if it dies. Only the leader measures it; elsewhere it is 0.',
    labels: {},
    by: ['supervisor'],
  },
  buildInfo: {
    name: 'bulwark_build_info',
    type: 'gauge',
    help: 'Always 1; the labels say what runs.',
    labels: { version: 'version of Bulwark', node: 'version of Node', bullmq: 'version of BullMQ' },
    by: everyone,
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricTable = typeof metricTable;
