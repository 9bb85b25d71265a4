import { pino } from 'pino';
import { z } from 'zod';
import { defineJob, defineQueue } from '../../src/index.js';
import { Admission, type Request } from '../../src/producer/admission.js';
import type { ShedDirective } from '../../src/shedding/directive.js';
import { DirectiveFollower } from '../../src/shedding/directive-follower.js';
import { ceilingOf } from '../../src/shedding/levels.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { systemClock } from '../../src/time/clock.js';
import type { FetchedJob } from '../../src/transport/fetched-job.js';
import { ShedGate } from '../../src/worker/shed-gate.js';

/** What one check takes, in microseconds on the processor, beside a loop that does nothing; by round. */
export interface AdmissionMicros {
  readonly worker: Rounds;
  readonly producer: Rounds;
}

interface Rounds {
  /** While nothing is shed. */
  readonly calm: readonly number[];
  /** While another class gives way. */
  readonly shedding: readonly number[];
  /** While one tenant in 128 of their own class does, so that each job has to be looked at. */
  readonly amongThem: readonly number[];
  /** The same of jobs that name no tenant, and so share their cohort with nobody. */
  readonly tenantless: readonly number[];
}

const rounds = 25;
const checksPerRound = 200_000;

const queue = defineQueue({ name: 'measured', criticality: 'sheddable_plus' });
const job = defineJob({ kind: 'measured', queue, payload: z.object({}), run: () => undefined });
const log = pino({ level: 'silent' });

export const nothingSheds: ShedDirective = {
  fence: 1,
  seq: 1,
  share: 0,
  cut: 0,
  reason: undefined,
  memoryShort: [],
  full: [],
  gates: {},
};
/** All of the last class gives way, and nothing above it, of which the measured queue is. */
export const otherClassSheds: ShedDirective = {
  ...nothingSheds,
  share: 0.3,
  cut: ceilingOf('sheddable'),
  reason: 'overload',
};

const oneOfTheirsSheds: ShedDirective = { ...otherClassSheds, cut: otherClassSheds.cut + 1 };

/** Measures both checks in turn with a loop that only counts. */
export async function measureAdmission(quick: boolean): Promise<AdmissionMicros> {
  const times = quick ? 1 : rounds;
  const of = async (who: 'worker' | 'producer'): Promise<Rounds> => ({
    calm: await measure(checksUnder(nothingSheds), who, times),
    shedding: await measure(checksUnder(otherClassSheds), who, times),
    amongThem: await measure(checksUnder(oneOfTheirsSheds), who, times),
    tenantless: await measure(
      checksUnder(oneOfTheirsSheds, () => undefined),
      who,
      times,
    ),
  });
  return { worker: await of('worker'), producer: await of('producer') };
}

interface Checks {
  /** Hears again what is shed: what was heard ten seconds ago counts no more. */
  readonly hear: () => Promise<unknown>;
  readonly worker: (number: number) => unknown;
  readonly producer: (number: number) => unknown;
}

/** The checks as worker and producer make them, of ones that have heard this. */
function checksUnder(directive: ShedDirective, tenantOf: (id: string) => string | undefined = (id) => id): Checks {
  const store = { directive: async () => directive, addRefused: async () => undefined };
  const metrics = createMetrics({ role: 'worker', version: '0' });
  const shared = { clock: systemClock, random: Math.random, metrics };
  const gate = new ShedGate({ ...shared, store, limit: () => undefined, queues: [], slotsOf: () => 1, log });
  const follower = new DirectiveFollower({ store, clock: systemClock, onError: () => undefined });
  const admission = new Admission({ ...shared, follower, waitMs: 0 });
  const jobs = ids.map((id) => ({ id, meta: { tenant: tenantOf(id) } }) as unknown as FetchedJob);
  const requests = ids.map(
    (id): Request => ({
      queue,
      tenant: tenantOf(id),
      key: undefined,
      count: 1,
      whenShed: 'fail',
    }),
  );
  return {
    hear: () => Promise.all([gate.hear(), follower.refresh()]),
    worker: (number) => gate.decide(jobs[number % jobs.length] as FetchedJob, job),
    producer: (number) => admission.pass(requests[number % requests.length] as Request),
  };
}

/** A thousand tenants, with names as long as ids usually are. */
const ids = Array.from({ length: 1_000 }, (_, n) => `3f2504e0-4f89-41d3-9a0c-0305e82c${String(n).padStart(4, '0')}`);

async function measure(checks: Checks, who: 'worker' | 'producer', times: number): Promise<number[]> {
  const found: number[] = [];
  // The first round compiles the code.
  for (let round = 0; round <= times; round++) {
    await checks.hear();
    const micros = microsPerTurn(checks[who]) - microsPerTurn((number) => ids[number % ids.length]);
    if (round > 0) found.push(micros);
  }
  return found;
}

/** Time on the processor, of all threads, garbage collection among them. */
function microsPerTurn(turn: (number: number) => unknown): number {
  const before = process.cpuUsage();
  for (let number = 0; number < checksPerRound; number++) turn(number);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / checksPerRound;
}
