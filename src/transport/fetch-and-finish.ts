import { defineScript } from '../redis/define-script.js';

/** What one call answered. */
export interface FetchAndFinishReply {
  /** One code per end, as the header of the script lists them. */
  readonly codes: readonly number[];
  /** Jobs that were started, in the order of the tokens: id, then what was asked of the hash. */
  readonly jobs: readonly (readonly (string | number | null)[])[];
  readonly limitedForMs: number;
  /** Whether the queue gave nothing because it is paused, or runs as many jobs as it may. */
  readonly closed: boolean;
  /** Whether the queue itself says how many of its jobs run or start at most. */
  readonly limits: boolean;
  /** When the next delayed job is due, in ms since the epoch; 0 when there is none. */
  readonly nextDue: number;
  /** The moment of the call on the clock that was used. */
  readonly now: number;
}

type RawReply = [number[], (string | null)[][], number, number, number, number, number];

export const fetchAndFinishScript = defineScript({
  file: new URL('./lua/fetch-and-finish.lua', import.meta.url),
  keys: [
    'wait',
    'active',
    'prioritized',
    'events',
    'stalled',
    'limiter',
    'delayed',
    'meta',
    'priorityCounter',
    'completed',
    'failed',
    'marker',
    'metricsCompleted',
    'metricsFailed',
    'deadFailed',
    'deadEvents',
    'deadMeta',
  ],
  args: [
    'base',
    'deadBase',
    'parkedBase',
    'ledgerBase',
    'now',
    'lease',
    'worker',
    'limiterMax',
    'limiterDuration',
    'metricsSize',
    'keepAttempts',
    'keepKeys',
    'ends',
    'fetches',
    'answer',
    'turns',
    'tenantRuns',
    'tenantSlots',
  ],
  rest: true,
  reply: (raw): FetchAndFinishReply => {
    const [codes, jobs, limitedForMs, nextDue, now, closed, limits] = raw as RawReply;
    return { codes, jobs, limitedForMs, nextDue, now, closed: closed === 1, limits: limits === 1 };
  },
});
