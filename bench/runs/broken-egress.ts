import { setTimeout as sleep } from 'node:timers/promises';
import { FailingDependency } from '../faults/failing-dependency.js';
import { rounded } from '../figures.js';
import { BreakerSamples } from './breaker-samples.js';
import { CallingPool, type CallingSubject } from './calling-pool.js';

/** Workers of which one loses its way to a dependency that is well. */
export interface BrokenEgressPlan {
  readonly workers: number;
  /** Jobs that call the dependency, and as many that do not. */
  readonly jobs: number;
  /** For so long all is well, and then one worker calls in vain. */
  readonly beforeMs: number;
  readonly brokenMs: number;
  /** How long the last job may take after the last has come. */
  readonly patienceMs: number;
}

export interface BrokenEgress {
  /** Looks at the fleet's breaker, and those that found it other than closed. */
  readonly fleetLooks?: number;
  readonly fleetNotClosed?: number;
  /** From the break until the worker opened its own breaker. */
  readonly secondsUntilOwnOpen?: number;
  /** Calls that it began after that: probes of its own. */
  readonly callsAfterOwnOpen?: number;
  /** Calls that it made in vain. */
  readonly callsInVain: number;
  /** Jobs that were given up. */
  readonly failed: number;
  /** Attempts that failed, of all jobs. */
  readonly attemptsUsed: number;
  /** From the last arrival until no job was left. */
  readonly secondsUntilDone: number;
  readonly lost: number;
}

const slots = 10;
const badWorker = 0;

/** Lets one worker of a subject lose its way out, and says what came of it. */
export async function breakEgress(
  subject: CallingSubject,
  plan: BrokenEgressPlan,
  redis: string,
): Promise<BrokenEgress> {
  const dependency = await FailingDependency.start();
  // What the worker meets on its way in the place of the dependency.
  const wayOut = await FailingDependency.start();
  const workers = Array.from({ length: plan.workers }, (_, worker) => (worker === badWorker ? wayOut : dependency).url);
  const pool = new CallingPool(subject, { redis, workers, slots });
  const breaker = new BreakerSamples(redis);
  try {
    await pool.start();
    const overMs = plan.beforeMs + plan.brokenMs;
    const breaks = async () => {
      await sleep(plan.beforeMs);
      return wayOut.become('refuses');
    };
    const [, , brokenAt] = await Promise.all([
      pool.receive({ kind: 'call', count: plan.jobs, overMs }),
      pool.receive({ kind: 'other', count: plan.jobs, overMs }),
      breaks(),
    ]);
    const receivedAt = Date.now();
    const jobs = await pool.account(plan.patienceMs);
    await breaker.end();
    const inVain = (await wayOut.calls()).filter(({ at }) => at >= brokenAt);
    const openAt = pool.ownTurns.find(({ worker, door }) => worker === badWorker && door === 'shut')?.at ?? Number.NaN;
    return {
      ...(subject === 'bulwark' && {
        fleetLooks: breaker.samples.length,
        fleetNotClosed: breaker.samples.filter(({ phase }) => phase !== 'closed').length,
        secondsUntilOwnOpen: rounded((openAt - brokenAt) / 1_000),
        callsAfterOwnOpen: inVain.filter(({ at }) => at > openAt).length,
      }),
      callsInVain: inVain.length,
      failed: jobs.filter(({ state }) => state === 'failed').length,
      attemptsUsed: jobs.reduce((sum, { attempts, state }) => sum + attempts - (state === 'done' ? 1 : 0), 0),
      secondsUntilDone: rounded((Math.max(...jobs.map(({ endedAt }) => endedAt)) - receivedAt) / 1_000),
      lost: jobs.filter(({ state }) => state === 'left').length,
    };
  } finally {
    await breaker.end();
    await pool.end();
    dependency.end();
    wayOut.end();
  }
}
