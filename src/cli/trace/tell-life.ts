import { traceIdIn } from '../../job/trace-carrier.js';
import type { JobView } from '../../transport/queue-inspector.js';
import { shortened } from '../wording.js';
import type { Happening } from './moment.js';
import { type Draft, weave } from './place-moments.js';
import { momentOf, textOf, tidy } from './read-facts.js';
import { tellCrash, tellError } from './tell-failure.js';
import { tellTrail } from './tell-trail.js';

/** A job from its enqueuing to where it is now: a job in its queue, or one that lies among the dead letters. */
export interface Life {
  readonly job: JobView;
  /** The id under which it lies among the dead letters, if it does. */
  readonly deadId?: string;
}

const longestList = 1_000;
const longestResult = 200;

/** Tells one life in its order, from whatever its hash holds. Pure. */
export function tellLife({ job: whole, deadId }: Life, now: number): Draft[] {
  const { job, leftOut } = withinBounds(whole);
  const redisTimes = timesOfRedis(job, now);
  const attempts = job.attempts.flatMap((attempt) => tellAttempt(attempt, redisTimes));
  const trail = tellTrail(job.trail, momentOf(job.finishedAt) ?? now);
  const run = tellLastRun(job);
  const crashes = [...trail.crashes, ...tellCrashes(job, trail.limitOf, run)];
  const chains = [attempts, crashes, crashes.includes(run as Draft) || !run ? [] : [run], trail.others];
  const firstStart = Math.min(...[...attempts, run].map((draft) => draft?.said ?? now));
  const steps = tellSteps(job, firstStart, now);
  return [tellEnqueuing(job, redisTimes), ...leftOut, ...weave([...chains, steps]), ...tellEnd(job, deadId)];
}

/** Bulwark keeps far less; of what somebody else wrote the newest is told. */
function withinBounds(job: JobView): { readonly job: JobView; readonly leftOut: readonly Draft[] } {
  const { attempts, crashHistory, trail, steps } = job;
  const excess = (list: readonly unknown[]) => Math.max(0, list.length - longestList);
  const moments = 2 * excess(attempts) + excess(crashHistory) + excess(trail) + excess(steps);
  if (moments === 0) return { job, leftOut: [] };
  return {
    job: {
      ...job,
      attempts: attempts.slice(-longestList),
      crashHistory: crashHistory.slice(-longestList),
      trail: trail.slice(-longestList),
      steps: steps.slice(-longestList),
    },
    leftOut: [{ said: null, happening: { what: 'left_out', moments } }],
  };
}

/** All that Redis' clock says of a job, sorted: the other clocks are measured by it. */
function timesOfRedis({ startedAt, finishedAt, attempts, trail }: JobView, now: number): number[] {
  const said = [
    startedAt,
    finishedAt,
    ...attempts.map((attempt) => attempt.startedAt),
    ...trail.filter(({ what }) => what !== 'crashed').map(({ at }) => at),
  ];
  return [...said.flatMap((time) => momentOf(time) ?? []), now].sort((a, b) => a - b);
}

/** A redrive puts its own moment in the place of the enqueuing; then the trail knows better. */
function tellEnqueuing(job: JobView, redisTimes: readonly number[]): Draft {
  const { key, tenant, producer, deadline } = job.meta;
  const traceId = traceIdIn(job.carrier);
  const redrive = job.trail.find(({ what }) => what === 'redriven');
  const isFirst = redrive === undefined || job.enqueuedAt < (momentOf(redrive.at) ?? 0);
  const earlier = job.trail.find(({ enqueuedAt }) => momentOf(enqueuedAt) !== null);
  return {
    said: momentOf(isFirst ? job.enqueuedAt : earlier?.['enqueuedAt']),
    notAfter: redisTimes[0] as number,
    happening: {
      what: 'enqueued',
      ...tidy({ by: textOf(producer), key: textOf(key), tenant: textOf(tenant), traceId, deadline }),
      ...tidy({ parent: textOf(job.parent), scheduler: textOf(job.scheduler) }),
      ...(job.delayMs > 0 && { delayMs: job.delayMs }),
    },
  };
}

function tellAttempt(attempt: JobView['attempts'][number], redisTimes: readonly number[]): Draft[] {
  const startedAt = momentOf(attempt.startedAt);
  const endedAt = momentOf(attempt.endedAt);
  const who = tidy({ attempt: momentOf(attempt.attempt) ?? undefined, worker: textOf(attempt.worker) });
  // By the worker's own clock, which may be wrong: it cannot have ended after the next thing that Redis saw.
  const next = redisTimes.find((time) => time > (startedAt ?? Number.POSITIVE_INFINITY));
  const isCredible = startedAt !== null && endedAt !== null && endedAt >= startedAt && endedAt <= (next ?? endedAt);
  return [
    { said: startedAt, happening: { what: 'started', ...who } },
    {
      said: endedAt,
      ...(startedAt !== null && { notBefore: startedAt }),
      ...(next !== undefined && { notAfter: next }),
      happening: {
        what: 'attempt_failed',
        ...who,
        ...(isCredible && { ranMs: endedAt - startedAt }),
        error: tellError(attempt.error),
      },
    },
  ];
}

/** The last start, when no attempt of the history began with it. */
function tellLastRun({ startedAt, attempts, worker, state, attemptsMade }: JobView): Draft | undefined {
  const said = momentOf(startedAt);
  if (said === null || attempts.some((attempt) => attempt.startedAt === said)) return undefined;
  // It is counted when it has ended; of a run whose end is not known nobody can say.
  const attempt = { active: attemptsMade + 1, completed: attemptsMade }[state as string];
  return { said, happening: { what: 'started', ...tidy({ worker: textOf(worker), attempt }) } };
}

/** The losses of workers since the last redrive. The last run stands before the one that ended it. */
function tellCrashes(
  { crashHistory, crashes }: JobView,
  limitOf: (crash: number) => number,
  run: Draft | undefined,
): Draft[] {
  const runner = run?.happening.what === 'started' ? run.happening.worker : undefined;
  const before = Math.max(crashes, crashHistory.length) - crashHistory.length;
  return crashHistory.flatMap((entry, index) => {
    const crash = before + index + 1;
    const isEndOfRun =
      run !== undefined && runner !== undefined && entry.worker === runner && index === crashHistory.length - 1;
    return [...(isEndOfRun ? [run] : []), tellCrash(entry, crash, limitOf(crash))];
  });
}

function tellSteps({ steps }: JobView, firstStart: number, now: number): Draft[] {
  return steps.map(({ name, at }) => ({
    said: momentOf(at),
    notBefore: firstStart,
    notAfter: now,
    happening: { what: 'step_done', name: textOf(name) ?? '' },
  }));
}

function tellEnd(job: JobView, deadId: string | undefined): Draft[] {
  const said = momentOf(job.finishedAt);
  const end = endOf(job, deadId, said);
  return end === undefined ? [] : [{ said, happening: end }];
}

function endOf(job: JobView, deadId: string | undefined, endedAt: number | null): Happening | undefined {
  if (deadId !== undefined) {
    const { reason, by, error } = Object(job.deathRecord) as Record<string, unknown>;
    const told = error ?? (job.failedReason && { message: job.failedReason });
    return {
      what: 'dead_lettered',
      reason: textOf(reason) ?? 'unknown',
      ...tidy({ by: textOf(by), error: told ? tellError(told) : undefined, deadId }),
    };
  }
  const startedAt = momentOf(job.startedAt);
  const ranMs = endedAt !== null && startedAt !== null && endedAt >= startedAt ? endedAt - startedAt : undefined;
  const worker = textOf(job.worker);
  if (job.state === 'completed') {
    const result = job.result === undefined ? undefined : shortened(JSON.stringify(job.result), longestResult);
    return { what: 'completed', ...tidy({ worker, ranMs, result }) };
  }
  if (job.state !== 'failed') return undefined;
  return { what: 'failed', ...tidy({ worker, ranMs, message: textOf(job.failedReason) }) };
}
