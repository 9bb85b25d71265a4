/** One life of a child, on the keeper's monotonic clock, in milliseconds. */
export interface Life {
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface RestartPolicy {
  /** Bound of the pause after the first death; it doubles with each further one. */
  readonly baseMs: number;
  /** Longest pause. */
  readonly capMs: number;
}

export interface RestartDecision {
  readonly delayMs: number;
  /**
   * `was-healthy`: it had lived long, so it is back at once. `backoff`: it dies again and again. `crash-loop`: it dies as soon
   * as it is started, which somebody must be told.
   */
  readonly reason: 'was-healthy' | 'backoff' | 'crash-loop';
}

/** A life of this length wipes out the deaths before it. Shorter: a child that crashes twice an hour never backs off. */
const healthyMs = 10 * 60_000;
/** A life shorter than this ended while it was started. Longer: a poison job on a healthy worker would look like a bad start. */
const earlyMs = 10_000;
/** Two can be chance: a Redis that restarts, a full machine. */
const earlyDeathsOfALoop = 3;
/** Children that died together must not come back in the same instant. */
const immediateMs = 100;

/** So many lives decide; older ones may be forgotten. The pause has long reached its cap then. */
export const livesThatCount = 32;

/**
 * Says when a child that has died is started again. Pure: `random` is a number from 0 up to 1.
 *
 * Full jitter, because a cause that kills one child often kills its neighbours, and their common return would be the next blow.
 *
 * @param lives - of this child, the oldest first; the last one has just ended.
 */
export function decideRestart(lives: readonly Life[], policy: RestartPolicy, random: number): RestartDecision {
  const last = lives.at(-1);
  if (last === undefined || lived(last) >= healthyMs) return { delayMs: immediateMs * random, reason: 'was-healthy' };
  if (earlyDeaths(lives) >= earlyDeathsOfALoop) return { delayMs: policy.capMs, reason: 'crash-loop' };

  const deaths = lives.length - 1 - lives.findLastIndex((life) => lived(life) >= healthyMs);
  const bound = Math.min(policy.capMs, policy.baseMs * 2 ** (deaths - 1));
  return { delayMs: bound * random, reason: 'backoff' };
}

/**
 * Whether a child dies as soon as it is started. One that runs is out of the loop when it has outlived a bad start. Pure.
 *
 * @param runningForMs - how long its present process has lived; undefined when there is none.
 */
export function inCrashLoop(lives: readonly Life[], runningForMs: number | undefined): boolean {
  return earlyDeaths(lives) >= earlyDeathsOfALoop && (runningForMs === undefined || runningForMs < earlyMs);
}

/** How many lives in a row, up to the last, ended while they were started. Pure. */
export function earlyDeaths(lives: readonly Life[]): number {
  return lives.length - 1 - lives.findLastIndex((life) => lived(life) >= earlyMs);
}

function lived({ startedAt, endedAt }: Life): number {
  return endedAt - startedAt;
}
