import type { Logger } from 'pino';
import { dependencyOf } from '../breaker/breaker-label.js';
import type { Outcome } from '../job/outcome.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { AttemptSpan } from '../telemetry/tracing/attempt-span.js';
import type { EpochMs } from '../time/duration.js';
import type { FetchedJob } from '../transport/fetched-job.js';
import type { Settled } from '../transport/settlement.js';

export interface OutcomeReport {
  readonly job: FetchedJob;
  readonly queue: string;
  readonly outcome: Outcome;
  readonly settled: Settled;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: EpochMs;
  /** Undefined when nobody traces. */
  readonly span: AttemptSpan | undefined;
}

/** Tells metrics, trace and log how an attempt ended, once Redis knows. An outcome that Redis refused counts as a lost lease. */
export function reportOutcome({ job, queue, outcome, settled, log, metrics, now, span }: OutcomeReport): void {
  const kind = job.kind;
  const refused = settled.kind !== 'done';
  const ended = refused ? 'lease_lost' : outcome.kind;
  metrics.jobAttempts.inc({ queue, kind, outcome: ended });
  if (ended === 'completed' || ended === 'retried' || ended === 'dead_lettered')
    metrics.jobDuration.observe(
      { queue, kind, outcome: ended },
      Math.max(0, now - job.startedAt) / 1000,
      span?.exemplar,
    );

  if ((outcome.kind === 'retried' || outcome.kind === 'dead_lettered') && !refused)
    metrics.jobErrors.inc({ queue, kind, class: outcome.error.class });
  span?.end(outcome, refused);

  // Nearly every job ends like this, and hardly anybody reads of it.
  const isPlain = !refused && outcome.kind === 'completed' && outcome.fallbackFor === undefined;
  if (isPlain && !log.isLevelEnabled('debug')) return;
  const fields = {
    jobId: job.id,
    queue,
    kind,
    attempt: job.attemptsMade + 1,
    durationMs: now - job.startedAt,
    ...span?.ids,
  };
  if (refused) {
    log.warn({ ...fields, outcome: outcome.kind, refused: settled.kind }, 'job.lease_lost');
    return;
  }
  switch (outcome.kind) {
    case 'completed':
      if (outcome.fallbackFor !== undefined) {
        metrics.jobFallbacks.inc({ queue, kind, dependency: dependencyOf(outcome.fallbackFor) });
        log.info({ ...fields, for: outcome.fallbackFor }, 'job.fell_back');
        return;
      }
      log.debug(fields, 'job.completed');
      return;
    case 'retried':
      log.warn({ ...fields, delayMs: outcome.delayMs, error: summary(outcome.error) }, 'job.retried');
      return;
    case 'parked':
      // Breakers set many aside, some of them again and again, and say themselves when they open.
      log[outcome.reason.startsWith('breaker:') ? 'debug' : 'info'](
        { ...fields, delayMs: outcome.delayMs, reason: outcome.reason },
        'job.parked',
      );
      return;
    case 'dead_lettered':
      metrics.deadLetters.inc({ queue, kind, reason: outcome.reason });
      log.error({ ...fields, reason: outcome.reason, error: summary(outcome.error) }, 'job.dead_lettered');
      return;
    case 'interrupted':
      log.info({ ...fields, reason: outcome.reason }, 'job.interrupted');
      return;
    case 'lease_lost':
  }
}

function summary({ stack: _stack, ...error }: Extract<Outcome, { kind: 'retried' }>['error']): object {
  return error;
}
