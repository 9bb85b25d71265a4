import { longestName } from '../job/definition-error.js';

/**
 * The numbers by which breakers open and close, each with its reason. What can be set for one dependency is in `defineDependency`.
 */
export interface BreakerRules {
  /** Probes of a half-open breaker in all, for the whole fleet. */
  readonly probes: number;
  /** So many of them have to succeed to close it. */
  readonly successesToClose: number;
  /** So many failed ones open it again; before the first success, one does. */
  readonly failuresToOpen: number;
  /** No breaker is open for longer without a probe, whatever stands in Redis: a clock that was set back is not to keep it open. */
  readonly longestOpenMs: number;
  /** The same for the lease of a probe. */
  readonly longestLeaseMs: number;
  /** A breaker that was closed for so long is as good as new, and forgotten. */
  readonly forgetAfterMs: number;
  /** A rate seen so short after it closed is that of the ramp: the one from before stands. */
  readonly unsteadyForMs: number;
  /** When to ask again while others probe. */
  readonly busyRetryMs: number;
  /** When to ask again while it is isolated without an end. */
  readonly isolatedRetryMs: number;
}

/**
 * Of the fleet. Five probes are few enough for a dependency that has just come back, and enough to tell one that answers every other call
 * from one that is well. Four of five: a single failure is no relapse, two are.
 */
export const fleetRules: BreakerRules = {
  probes: 5,
  successesToClose: 4,
  failuresToOpen: 2,
  longestOpenMs: 15 * 60_000,
  longestLeaseMs: 60 * 60_000,
  forgetAfterMs: 10 * 60_000,
  unsteadyForMs: 70_000,
  busyRetryMs: 1_000,
  isolatedRetryMs: 60_000,
};

/** Of one worker's own breaker: one call tells it whether its own way out is mended. */
export const localRules: BreakerRules = { ...fleetRules, probes: 1, successesToClose: 1, failuresToOpen: 1 };

/** Long enough for a judgement at ten calls a second, short enough to forget a failure that is over. */
export const windowMs = 10_000;
export const bucketMs = 1_000;
/** With few calls the window reaches further back, up to here: at one call in ten seconds that is twelve calls. */
export const longestWindowMs = 120_000;
/** The window stops growing at so many calls: the rule can tell 10 % of failures from an outage with them. */
export const enoughCalls = 10;

/** Four failures of four would be enough for the bound alone, and are too often chance. */
export const fewestCalls = 5;
/** Opens when it is 97.5 % sure that more calls fail than succeed. Lower: chance trips it; higher: an outage of half the calls never does. */
export const failureRatio = 0.5;
/** Slow calls are answers after all: only when nearly all are slow it is better not to call. */
export const slowRatio = 0.8;
/** So many failures in a row, of the whole fleet, need no statistics: with 20 % of errors by chance that is once in 400,000 calls. */
export const fewestInARow = 8;
/** A dependency that is called often may fail for so long before a row opens it: it restarted, or a connection broke. */
export const inARowMs = 1_000;

/**
 * Where calls are few, one failure less is enough once they took so long: at two calls a second that finds an outage within 8 s in 99 of 100
 * cases. At ten a second seven in a row never take so long, so there it trips nothing by chance.
 */
export const slowRow = { failures: 7, ms: 6_000 };

/** Of the workers that make calls so many have to see it fail, else it is them and not the dependency. */
export const quorumRatio = 0.3;
export const smallestQuorum = 2;
/** Workers whose own breakers opened within so long saw the same thing; and one that opened earlier has probed since, or is gone. */
export const ownOpeningCountsMs = 30_000;

/**
 * How long it stays open the first time, then doubled each time. Short, because the canary of a whole fleet costs the dependency one call,
 * and each second open after it is back is lost.
 */
export const defaultOpenForMs = 2_000;
export const defaultOpenAtMostMs = 5_000;
/** The breakers of many dependencies that went down together do not all probe in the same moment. */
export const openJitterRatio = 0.2;

/** The lease of a probe: twice what its call may take, for the way to Redis and back. */
export const leaseTimeouts = 2;
export const shortestLeaseMs = 5_000;

/** A crowd that comes back at once would be the next outage: a tenth first, all of it after 20 s. */
export const rampSteps = [
  { afterMs: 0, ratio: 0.1 },
  { afterMs: 5_000, ratio: 0.25 },
  { afterMs: 10_000, ratio: 0.5 },
  { afterMs: 20_000, ratio: 1 },
] as const;
/** All of it is twice what was steady: what waited is to be done as well, and a dependency that can bear no more than usual is too small. */
export const peakOverSteady = 2;
/** Jobs are parked for a minute at most: after it none comes back at once with the others. */
export const rampOverMs = 60_000;
/**
 * With more jobs waiting than that, the ramp goes on at its last step until nobody was turned away for so long: those that were come back
 * within three seconds.
 */
export const backlogGoneMs = 10_000;
/** But no longer than this: whoever needs more than twice of what was usual for so long needs it for good. */
export const longestRampMs = 10 * 60_000;
/** Where the steady rate is not known or tiny, a ramp of it would hold up the first calls for nothing. */
export const fewestCallsPerSecond = 10;
/** While it ramps, a call that comes so early waits for its turn: jobs come in batches, and were they sent away most turns would be lost. */
export const rationWaitMs = 100;
/** Turns that nobody took may be made up for so long, so that no second has many more than its own. */
export const rationSavedMs = 100;
/** What was saved up is made within the calls of a second, and not beside them: so much less is given in each. */
export const rationHeadroom = 1 + rationSavedMs / 1_000;
/** A worker takes the turns of so long at once: a hundred questions a second are enough for any rate. */
export const rationTakenMs = 10;
/** The steady rate is the best of so long, because a dependency that dies slowly was called less before it opened. */
export const rateMemoryMs = 60_000;

/** A key becomes part of a name in Redis, of log lines and of a park reason. */
export const longestKey = 200;
/** `<dependency>/<key>`. */
export const longestBreaker = longestName + 1 + longestKey;
/** More names than so are not kept in Redis: whoever makes keys without end gets breakers of each worker alone. */
export const mostBreakers = 1_000;
/** Nobody has asked for a breaker for so long: it is history. */
export const breakersTtlMs = 24 * 60 * 60_000;
/** Evidence is of use for as long as the longest window, and a little for whoever leads next. */
export const evidenceTtlMs = 150_000;
/** Whoever leads takes them several times a second; where nobody does, the newest say what is so now, in some 10 MB at most. */
export const mostReports = 500;
/** A worker with more to tell sends it in several reports: one may make calls of a thousand hosts. */
export const mostCallsPerReport = 100;
