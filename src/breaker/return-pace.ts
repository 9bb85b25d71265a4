import { assertNever } from '../errors/assert-never.js';
import type { EpochMs } from '../time/duration.js';
import { fewestCallsPerSecond, fleetRules, peakOverSteady, rationHeadroom } from './breaker-policy.js';
import type { BreakerState } from './breaker-state.js';
import { isLoadKnown, rampCallsPerSecond } from './ramp.js';

/** What the fleet did lately, for a breaker. */
export interface RecentCalls {
  /** Calls that were made, whether they failed or not. */
  readonly callsPerSecond: number;
  /** Jobs that were brought back: most of them make one of these calls. */
  readonly returnedPerSecond: number;
}

/** How jobs that were set aside come back: few, to probe with; so many a second; or not at all. */
export type ReturnPace =
  | { readonly kind: 'none' }
  | { readonly kind: 'probes'; readonly wanted: number }
  | { readonly kind: 'paced'; readonly perSecond: number };

/**
 * Decides how many of the jobs that a breaker has set aside may come back. Pure.
 *
 * While it probes, as many as there are probes that nobody makes yet: a queue may hold no other job that could. When it has closed, so many
 * that they and the other calls stay under what the ramp allows, and after it under twice what was usual.
 */
export function decideReturn(state: BreakerState, recent: RecentCalls, now: EpochMs): ReturnPace {
  switch (state.phase) {
    case 'isolated':
      return { kind: 'none' };
    case 'open':
      return (state.until ?? 0) > now ? { kind: 'none' } : { kind: 'probes', wanted: 1 };
    case 'half_open': {
      const { leases, kept = {}, succeeded, failed } = state.probes;
      const inAll = succeeded === 0 ? 1 : fleetRules.probes - succeeded - failed;
      return { kind: 'probes', wanted: Math.max(0, inAll - Object.keys(leases).length - Object.keys(kept).length) };
    }
    case 'closed': {
      const others = Math.max(0, recent.callsPerSecond - recent.returnedPerSecond);
      // What is called now is usual where nothing was taken down: it was isolated while all was well.
      const usual = isLoadKnown(state) ? state.callsPerSecond : others;
      const allowed = rampCallsPerSecond(state, now) ?? peakOverSteady * Math.max(usual, fewestCallsPerSecond);
      return { kind: 'paced', perSecond: Math.max(0, allowed / rationHeadroom - others) };
    }
    default:
      return assertNever(state.phase);
  }
}
