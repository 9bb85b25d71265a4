import type { EpochMs } from '../time/duration.js';
import { fleetRules } from './breaker-policy.js';
import type { BreakerState } from './breaker-state.js';
import { rampShare } from './ramp.js';

/** Whose breaker it is that decides: that of all workers, or the one that a worker has for itself. */
export type Decider = 'fleet' | 'worker';

/** Whether a worker may call a dependency at a moment. */
export type Door =
  | { readonly kind: 'free' }
  /** It closed not long ago: its calls come back by and by. `perSecond` is what a worker may make where it does not share with the others. */
  | { readonly kind: 'rationed'; readonly by: Decider; readonly state: BreakerState; readonly perSecond: number }
  /** With the lease of a probe, and not otherwise. */
  | { readonly kind: 'probe'; readonly by: Decider; readonly state: BreakerState }
  /** Look again after `forMs`. */
  | { readonly kind: 'shut'; readonly by: Decider; readonly state: BreakerState; readonly forMs: number };

/** What a worker knows of a breaker. Every moment is on the worker's own monotonic clock. */
export interface GateKnowledge {
  /** What the fleet said last. */
  readonly fleet: BreakerState;
  /** The worker's own. It begins anew, closed and with the fleet's generation, whenever the fleet decides something. */
  readonly own: BreakerState;
  /** Whether the fleet can be asked. */
  readonly reachable: boolean;
  /** The fleet refused a probe, and is not to be asked before this. */
  readonly askAt: number;
  /** When the worker last wanted a call that its ramp did not give; undefined when it never did. */
  readonly turnedAwayAt?: number | undefined;
}

const free: Door = { kind: 'free' };

/**
 * Decides by what the fleet has said, and where the fleet has nothing against it, by what the worker's own calls have told. When the
 * fleet cannot be asked, what it said holds until its time is over, and from then on the worker finds out by itself. Pure.
 */
export function decideDoor({ fleet, own, reachable, askAt, turnedAwayAt }: GateKnowledge, now: number): Door {
  if (fleet.phase === 'closed') return ownDoor(own, own.since > fleet.since ? own : fleet, now, turnedAwayAt);
  const forMs = Math.max(shutForMs(fleet, now), reachable ? askAt - now : 0);
  if (forMs > 0) return { kind: 'shut', by: 'fleet', state: fleet, forMs };
  if (reachable) return { kind: 'probe', by: 'fleet', state: fleet };
  // Until its own breaker has decided something, it stands where the fleet left it: to be probed.
  const decided = own.generation > fleet.generation;
  return decided ? ownDoor(own, own, now, turnedAwayAt) : { kind: 'probe', by: 'worker', state: fleet };
}

/** Decides for a dependency without a breaker: only an operator's isolation shuts it. Pure. */
export function decideIsolation(isolation: BreakerState | undefined, now: number): Door {
  const forMs = isolation ? shutForMs(isolation, now) : 0;
  return isolation && forMs > 0 ? { kind: 'shut', by: 'fleet', state: isolation, forMs } : free;
}

/** By the worker's own breaker alone. `lately` is whichever breaker closed last: its ramp counts. */
function ownDoor(own: BreakerState, lately: BreakerState, now: number, turnedAwayAt: number | undefined): Door {
  if (own.phase === 'closed') {
    const perSecond = rampShare(lately, now as EpochMs, turnedAwayAt);
    return perSecond === undefined
      ? free
      : { kind: 'rationed', by: lately === own ? 'worker' : 'fleet', state: lately, perSecond };
  }
  const forMs = own.phase === 'half_open' ? leasedForMs(own, now) : shutForMs(own, now);
  return forMs > 0 ? { kind: 'shut', by: 'worker', state: own, forMs } : { kind: 'probe', by: 'worker', state: own };
}

/** How long nobody may try; an isolation without an end is looked at again now and then. */
function shutForMs({ phase, until }: BreakerState, now: number): number {
  if (phase === 'isolated' && until === undefined) return fleetRules.isolatedRetryMs;
  return phase === 'isolated' || phase === 'open' ? (until ?? now) - now : 0;
}

/** How long the one probe of a worker's own breaker may still take; when that is over it has failed. */
function leasedForMs({ probes }: BreakerState, now: number): number {
  const untils = [probes.leases, probes.kept ?? {}].flatMap((leases) => Object.values(leases));
  return Math.min(fleetRules.busyRetryMs, Math.max(0, ...untils) - now);
}
