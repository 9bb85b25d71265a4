/**
 * How much work flows through a queue, from samples that somebody takes of it anyway: nobody counts anything in a job's way.
 *
 * What came is what the counter of additions grew by; what went is what came less what the queue grew by. How long a job holds its slot
 * follows from both by Little's law: the slots that were busy, over the jobs that left them in that time.
 */

/** What is looked at in a sample of a queue. */
export interface FlowSample {
  /** How many jobs were ever added. */
  readonly added: number;
  readonly waiting: number;
  readonly prioritized: number;
  readonly active: number;
  readonly delayed: number;
  readonly 'waiting-children': number;
  /** How many delayed jobs are due within a minute or gave way to others, without those that wait for a slot of their tenant while there is work. */
  readonly dueSoon: number;
  /** How many of the delayed jobs wait for a slot of their tenant. */
  readonly awaitingSlots: number;
  readonly paused: boolean;
  /** Since when the job that waits longest has been able to start, on the wall clock; undefined when none waits. */
  readonly oldestReadyAt: number | undefined;
}

/** Jobs per second. */
export interface FlowRates {
  /** That came into the queue, to run at once or later. */
  readonly arrivals: number;
  /**
   * That could run, from then on: new ones, and delayed ones that were due, less those that were set aside. Whoever turned out to wait for a
   * slot of its tenant is taken back from the averages: more workers would not let it run.
   */
  readonly ready: number;
  /** That left the queue for good. A purge looks like one, too. */
  readonly completions: number;
  /** That were due in the minute to come, on average. */
  readonly due: number;
}

export interface QueueFlow {
  /** The sample that it was last reckoned from, and when that was taken on a monotonic clock. */
  readonly last: FlowSample;
  readonly at: number;
  /** For how long it was watched without a break. A flow of a second or two is no more than a first impression. */
  readonly knownMs: number;
  /** Between the last two samples. */
  readonly latest: FlowRates;
  /** Of the last few seconds, the newest counting most. */
  readonly recent: FlowRates;
  /** Of the last minute, the newest counting most. */
  readonly minute: FlowRates;
  /** The time that slots were busy, and the jobs that left meanwhile: of the last minute, or of the last twenty jobs where those took longer. */
  readonly work: { readonly slotMs: number; readonly jobs: number };
}

/** What `recent` keeps of itself in a second: one slow second does not show, five do. */
const recentKeeps = 0.8;
const minuteKeeps = Math.exp(-1 / 60);
/** Fewer jobs say little about how long they take. */
const jobsThatTell = 20;
/** Two samples closer than this tell of one call of a producer, not of a rate. */
const shortestGapMs = 100;
/** After so long without a sample nobody knows what happened in between. */
const longestGapMs = 60_000;
/** What `dueSoon` looks ahead. */
const secondsAhead = 60;

const noFlow: FlowRates = { arrivals: 0, ready: 0, completions: 0, due: 0 };

/**
 * Says how a queue flows, from how it flowed and a new sample. Pure. Begins anew when there is nothing to go on: no sample before, none for
 * too long, or a counter that has fallen because the queue was made anew.
 *
 * @param at - when the sample was taken, on a monotonic clock, in milliseconds.
 */
export function nextFlow(before: QueueFlow | undefined, last: FlowSample, at: number): QueueFlow {
  const gapMs = before === undefined ? Number.POSITIVE_INFINITY : at - before.at;
  if (before === undefined || gapMs > longestGapMs || last.added < before.last.added) {
    return { last, at, knownMs: 0, latest: noFlow, recent: noFlow, minute: noFlow, work: { slotMs: 0, jobs: 0 } };
  }
  if (gapMs < shortestGapMs) return before;

  const knownMs = before.knownMs + gapMs;
  const moved = movedBetween(before.last, last);
  const perSecond = 1000 / gapMs;
  const latest: FlowRates = {
    arrivals: moved.came * perSecond,
    ready: Math.max(0, moved.ready) * perSecond,
    completions: moved.left * perSecond,
    due: last.dueSoon / secondsAhead,
  };
  const net = { ...latest, ready: moved.ready * perSecond };
  // Until it has been watched for long, the plain average: else the first second would count for a minute.
  const weight = (keeps: number): number => Math.max(1 - keeps ** (gapMs / 1000), gapMs / knownMs);
  return {
    last,
    at,
    knownMs,
    latest,
    recent: blend(before.recent, net, weight(recentKeeps)),
    minute: blend(before.minute, net, weight(minuteKeeps)),
    work: addWork(before.work, ((before.last.active + last.active) / 2) * gapMs, moved.left, gapMs),
  };
}

/**
 * How long a job holds its slot, on average. Before the first one has ended, for how long those that run have run at least.
 *
 * @returns undefined while no job has run.
 */
export function serviceMsOf({ work, last }: QueueFlow): number | undefined {
  if (work.slotMs === 0) return undefined;
  if (work.jobs > 0) return work.slotMs / work.jobs;
  return last.active > 0 ? work.slotMs / last.active : undefined;
}

/**
 * What happened between two samples. Jobs that came past the counter, such as redriven ones, show as growth. `ready` is below zero when more
 * jobs turned out to wait for a slot of their tenant than came.
 */
function movedBetween(before: FlowSample, after: FlowSample): { came: number; ready: number; left: number } {
  const added = after.added - before.added;
  const grew = presentOf(after) - presentOf(before);
  const left = Math.max(0, added - grew);
  const heldBack = Math.max(0, after.awaitingSlots - before.awaitingSlots);
  return { came: Math.max(added, grew), ready: Math.max(-heldBack, left + readyOf(after) - readyOf(before)), left };
}

function readyOf({ waiting, prioritized, active }: FlowSample): number {
  return waiting + prioritized + active;
}

function presentOf(sample: FlowSample): number {
  return readyOf(sample) + sample.delayed + sample['waiting-children'];
}

function blend(old: FlowRates, latest: FlowRates, weight: number): FlowRates {
  const mix = (name: keyof FlowRates): number => Math.max(0, old[name] + (latest[name] - old[name]) * weight);
  return { arrivals: mix('arrivals'), ready: mix('ready'), completions: mix('completions'), due: mix('due') };
}

/** Forgets as time goes by, but never so much that fewer jobs are left than tell something. */
function addWork({ slotMs, jobs }: QueueFlow['work'], busyMs: number, left: number, gapMs: number): QueueFlow['work'] {
  const keeps = jobs <= jobsThatTell ? 1 : Math.max(minuteKeeps ** (gapMs / 1000), jobsThatTell / jobs);
  return { slotMs: slotMs * keeps + busyMs, jobs: jobs * keeps + left };
}
