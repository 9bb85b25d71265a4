import { setTimeout as sleep } from 'node:timers/promises';
import { FailingDependency } from '../faults/failing-dependency.js';
import { rounded } from '../figures.js';
import type { ReceivedCall } from '../peers/dependency-server.js';
import { type BreakerSample, BreakerSamples } from './breaker-samples.js';
import { CallingPool, type CallingSubject, type EndedJob } from './calling-pool.js';

/** A dependency that is away for a while, and jobs of which half call it. */
export interface OutagePlan {
  readonly jobs: number;
  /** For so long all is well. */
  readonly beforeMs: number;
  readonly hangsMs: number;
  readonly refusesMs: number;
  /** For so long into the outage jobs come that call it; the others come until it is back. */
  readonly callsComeForMs: number;
  /** How long after its return the last job may take. */
  readonly patienceMs: number;
}

export interface Outage {
  /** Calls a second before the outage, and in the worst second after it, as the dependency counted them. */
  readonly steadyCallsPerSecond: number;
  readonly peakCallsAfter: number;
  /** Calls that reached it while it was away. */
  readonly callsWhileDown: number;
  readonly callsWhileHanging: number;
  /** Ends a second of jobs that do not call it, over those before the outage. */
  readonly othersOverBefore: number;
  readonly othersOverBeforeWhileHanging: number;
  readonly othersOverBeforeWhileRefusing: number;
  /** From its return until no job was left; infinite when some were. */
  readonly secondsUntilDone: number;
  /** Jobs that were given up. */
  readonly failed: number;
  /** Attempts that failed, of all jobs. */
  readonly attemptsUsed: number;
  /** From the beginning of the outage until the breaker opened, and from its end until it closed. */
  readonly secondsUntilOpen?: number;
  readonly secondsUntilClosed?: number;
  readonly lost: number;
}

const workers = 3;
const slots = 10;
/** Processes that have just begun are slower. */
const warmUpMs = 5_000;

interface Moments {
  readonly begunAt: number;
  readonly hangsAt: number;
  readonly refusesAt: number;
  readonly backAt: number;
}

/** Lets one subject go through the outage, and says what came of it. */
export async function goThroughOutage(
  subject: CallingSubject,
  plan: OutagePlan,
  redis: string,
  say: (line: string) => void,
): Promise<Outage> {
  const dependency = await FailingDependency.start();
  const pool = new CallingPool(subject, {
    redis,
    workers: Array.from({ length: workers }, () => dependency.url),
    slots,
  });
  const breaker = new BreakerSamples(redis);
  try {
    await pool.start();
    const begunAt = Date.now();
    const [, , { hangsAt, refusesAt, backAt }] = await Promise.all([
      pool.receive({ kind: 'call', count: plan.jobs / 2, overMs: plan.beforeMs + plan.callsComeForMs }),
      pool.receive({ kind: 'other', count: plan.jobs / 2, overMs: plan.beforeMs + plan.hangsMs + plan.refusesMs }),
      failFor(dependency, plan, say),
    ]);
    const jobs = await pool.account(plan.patienceMs);
    await breaker.end();
    const moments = { begunAt, hangsAt, refusesAt, backAt };
    return {
      ...callsOf(await dependency.calls(), moments),
      ...jobsOf(jobs, moments),
      ...(subject === 'bulwark' && turnsOf(breaker.samples, moments)),
    };
  } finally {
    await breaker.end();
    await pool.end();
    dependency.end();
  }
}

/** Hangs first, because that takes slots and is noticed late; refuses then, as one does that is started again. */
async function failFor(
  dependency: FailingDependency,
  { beforeMs, hangsMs, refusesMs }: OutagePlan,
  say: (line: string) => void,
): Promise<Omit<Moments, 'begunAt'>> {
  await sleep(beforeMs);
  const hangsAt = await dependency.become('hangs');
  say('the dependency hangs');
  await sleep(hangsMs);
  const refusesAt = await dependency.become('refuses');
  say('the dependency refuses');
  await sleep(refusesMs);
  const backAt = await dependency.become('answers');
  say('the dependency is back');
  return { hangsAt, refusesAt, backAt };
}

function callsOf(calls: readonly ReceivedCall[], { begunAt, hangsAt, backAt }: Moments) {
  const down = calls.filter(({ manner }) => manner !== 'answers');
  const steady = calls.filter(({ at }) => at >= begunAt + warmUpMs && at < hangsAt).length;
  const after = calls.filter(({ at }) => at >= backAt).map(({ at }) => at);
  return {
    steadyCallsPerSecond: rounded((steady * 1_000) / (hangsAt - begunAt - warmUpMs)),
    peakCallsAfter: mostInASecond(after),
    callsWhileDown: down.length,
    callsWhileHanging: down.filter(({ manner }) => manner === 'hangs').length,
  };
}

/** The most of any second, wherever it begins. The moments come in their order. */
function mostInASecond(moments: readonly number[]): number {
  let most = 0;
  for (let from = 0, to = 0; to < moments.length; to++) {
    while ((moments[to] ?? 0) - (moments[from] ?? 0) >= 1_000) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

function jobsOf(jobs: readonly EndedJob[], { begunAt, hangsAt, refusesAt, backAt }: Moments) {
  const others = jobs.filter(({ kind, state }) => kind === 'other' && state === 'done');
  const perSecond = (from: number, to: number) =>
    (others.filter(({ endedAt }) => endedAt >= from && endedAt < to).length * 1_000) / (to - from);
  const before = perSecond(begunAt + warmUpMs, hangsAt);
  const done = jobs.filter(({ state }) => state === 'done').length;
  const attempts = jobs.reduce((sum, job) => sum + job.attempts, 0);
  return {
    othersOverBefore: rounded(perSecond(hangsAt, backAt) / before),
    othersOverBeforeWhileHanging: rounded(perSecond(hangsAt, refusesAt) / before),
    othersOverBeforeWhileRefusing: rounded(perSecond(refusesAt, backAt) / before),
    secondsUntilDone: rounded((Math.max(...jobs.map(({ endedAt }) => endedAt)) - backAt) / 1_000),
    failed: jobs.filter(({ state }) => state === 'failed').length,
    attemptsUsed: attempts - done,
    lost: jobs.filter(({ state }) => state === 'left').length,
  };
}

function turnsOf(samples: readonly BreakerSample[], { hangsAt, backAt }: Moments) {
  const openAt = samples.find(({ at, phase }) => at >= hangsAt && phase === 'open')?.at ?? Number.NaN;
  const closedAt = samples.find(({ at, phase }) => at >= backAt && phase === 'closed')?.at ?? Number.NaN;
  return {
    secondsUntilOpen: rounded((openAt - hangsAt) / 1_000),
    secondsUntilClosed: rounded((closedAt - backAt) / 1_000),
  };
}
