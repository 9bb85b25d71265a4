import { assertNever } from '../errors/assert-never.js';
import type { EpochMs } from '../time/duration.js';
import type { BreakerRules } from './breaker-policy.js';
import type { BreakerPhase, BreakerProbes, BreakerReason, BreakerState } from './breaker-state.js';

/** What came of an event: the state after it, and what whoever caused it is told. */
export interface Step<R> {
  readonly state: BreakerState;
  readonly reply: R;
}

/** That a breaker is to open, from whoever judged its calls. */
export interface TripVerdict {
  /** The generation it is about: a verdict on another one is stale. */
  readonly generation: number;
  readonly reason: BreakerReason;
  readonly openForMs: number;
  /** What the fleet's calls were before: 0 when not known. */
  readonly callsPerSecond: number;
  readonly callers: number;
}

/** That somebody wants to make one call. */
export interface ProbeRequest {
  /** Names the lease: the same token asked twice has one lease. */
  readonly token: string;
  readonly leaseMs: number;
  /** Whether the call is made now. Else a place is kept for it, and it asks again when it begins. */
  readonly begins: boolean;
  /** For how long it opens if probes turn out to have failed. */
  readonly openForMs: number;
}

/** What one call came to. */
export interface ProbeOutcome {
  readonly token: string;
  /** The one under which the lease was given. */
  readonly generation: number;
  /** `ignored`: the probe told nothing, and its place is free again. */
  readonly result: 'succeeded' | 'failed' | 'ignored';
  readonly openForMs: number;
}

/** That an operator wants it held open. */
export interface Isolation {
  readonly by: string;
  readonly why: string;
  /** When it ends by itself, in milliseconds from now; without it, when it is released. */
  readonly forMs?: number;
}

/** What whoever asked for one call is told. */
export type Permit =
  /** One call may be made; its outcome is to be settled under this generation before the lease ends. */
  | { readonly kind: 'probe'; readonly generation: number; readonly state: BreakerState }
  /** It is closed by now. */
  | { readonly kind: 'pass'; readonly state: BreakerState }
  | { readonly kind: 'refused'; readonly state: BreakerState; readonly retryAfterMs: number };

const noProbes: BreakerProbes = { leases: {}, succeeded: 0, failed: 0 };

/** A breaker that nobody has heard of. */
export function closedBreaker(name: string): BreakerState {
  return {
    name,
    generation: 0,
    phase: 'closed',
    reason: 'released',
    since: 0 as EpochMs,
    openings: 0,
    callsPerSecond: 0,
    callers: 0,
    probes: noProbes,
  };
}

/**
 * How a breaker goes from phase to phase. Pure: `lua/breaker-machine.lua` does the same in Redis for the whole fleet, and a property
 * compares the two; one worker's own breaker is this one.
 *
 *     closed ─trip→ open ─ask, its time over→ half_open ─enough probes succeeded→ closed
 *                    ↑                         │ canary or two probes failed, or their leases expired
 *                    └─────────────────────────┘
 *     any ─isolate→ isolated ─its time over→ open, with its time over       any ─release→ closed
 *
 * Each transition has a generation above that of the state and above `above`, the counter of the fleet.
 */
export class BreakerMachine {
  constructor(readonly rules: BreakerRules) {}

  /** Opens a closed breaker. */
  trip(state: BreakerState, verdict: TripVerdict, now: EpochMs, above = 0): Step<'tripped' | 'stale'> {
    if (state.phase !== 'closed' || state.generation !== verdict.generation) return { state, reply: 'stale' };
    const { reason, openForMs } = verdict;
    const closedForMs = now - state.since;
    const isRelapse = state.callsPerSecond > 0 && closedForMs < this.rules.unsteadyForMs;
    const { callsPerSecond, callers } = isRelapse ? state : verdict;
    const openings = closedForMs >= this.rules.forgetAfterMs ? 0 : state.openings;
    return {
      state: this.#open({ ...state, openings, callsPerSecond, callers }, reason, openForMs, now, above),
      reply: 'tripped',
    };
  }

  /** Asks for the right to make one call. */
  ask(state: BreakerState, request: ProbeRequest, now: EpochMs, above = 0): Step<Permit> {
    const current = this.tidy(state, request.openForMs, now, above).state;
    switch (current.phase) {
      case 'closed':
        return { state: current, reply: { kind: 'pass', state: current } };
      case 'isolated':
        return refused(current, current.until === undefined ? this.rules.isolatedRetryMs : current.until - now);
      case 'open':
        if (this.#isAhead(current.until, now, this.rules.longestOpenMs))
          return refused(current, (current.until ?? now) - now);
        return this.#lease(move(current, 'half_open', current.reason, now, above), request, now);
      case 'half_open':
        return this.#lease(current, request, now);
      default:
        return assertNever(current.phase);
    }
  }

  /** Counts what a probe came to. */
  settle(state: BreakerState, outcome: ProbeOutcome, now: EpochMs, above = 0): Step<'counted' | 'stale'> {
    const { token, generation, result, openForMs } = outcome;
    const isMine = ({ phase, generation: current, probes }: BreakerState) =>
      phase === 'half_open' &&
      current === generation &&
      // A call that was not made can only give its place back.
      (Object.hasOwn(probes.leases, token) || (result === 'ignored' && Object.hasOwn(probes.kept ?? {}, token)));
    if (!isMine(state)) return { state, reply: 'stale' };
    const current = this.tidy(state, openForMs, now, above).state;
    if (!isMine(current)) return { state: current, reply: 'stale' };
    const settled = withProbes(current, {
      leases: without(token, current.probes.leases),
      kept: without(token, current.probes.kept),
      succeeded: current.probes.succeeded + (result === 'succeeded' ? 1 : 0),
      failed: current.probes.failed + (result === 'failed' ? 1 : 0),
    });
    return { state: this.#judge(settled, 'probe_failed', openForMs, now, above), reply: 'counted' };
  }

  /** An operator holds it open; who does it again changes until when and why. */
  isolate(state: BreakerState, { by, why, forMs }: Isolation, now: EpochMs, above = 0): Step<BreakerState> {
    const isolated: BreakerState = {
      ...move(state, 'isolated', 'isolated', now, above),
      by,
      why,
      ...(forMs !== undefined && { until: (now + forMs) as EpochMs }),
    };
    return { state: isolated, reply: isolated };
  }

  /** An operator closes it, whatever it is; its calls come back by and by. */
  release(state: BreakerState, { by, why }: Omit<Isolation, 'forMs'>, now: EpochMs, above = 0): Step<BreakerState> {
    if (state.phase === 'closed') return { state, reply: state };
    const released = { ...move(state, 'closed', 'released', now, above), by, why };
    return { state: released, reply: released };
  }

  /** Does what time alone does. `forgotten`: it was closed for so long that nothing need be kept of it. */
  tidy(state: BreakerState, openForMs: number, now: EpochMs, above = 0): Step<'unchanged' | 'changed' | 'forgotten'> {
    switch (state.phase) {
      case 'closed':
        return { state, reply: now - state.since >= this.rules.forgetAfterMs ? 'forgotten' : 'unchanged' };
      case 'open':
        return { state, reply: 'unchanged' };
      case 'isolated': {
        if (state.until === undefined || now < state.until) return { state, reply: 'unchanged' };
        const open = { ...move(state, 'open', 'isolation_expired', now, above), until: state.until };
        return { state: open, reply: 'changed' };
      }
      case 'half_open': {
        const current = this.#judge(this.#withoutExpired(state, now), 'probe_expired', openForMs, now, above);
        return { state: current, reply: current === state ? 'unchanged' : 'changed' };
      }
      default:
        return assertNever(state.phase);
    }
  }

  /** A lease that expired is a failure: whoever had it is gone, or waits for an answer that does not come. A kept place is free again. */
  #withoutExpired(state: BreakerState, now: EpochMs): BreakerState {
    const { leases, kept = {}, succeeded, failed } = state.probes;
    const live = this.#live(leases, now);
    const places = this.#live(kept, now);
    const expired = size(leases) - size(live);
    if (expired === 0 && size(places) === size(kept)) return state;
    return withProbes(state, { leases: live, kept: places, succeeded, failed: failed + expired });
  }

  #live(leases: BreakerProbes['leases'], now: EpochMs): BreakerProbes['leases'] {
    const isLive = ([, until]: [string, EpochMs]) => this.#isAhead(until, now, this.rules.longestLeaseMs);
    return Object.fromEntries(Object.entries(leases).filter(isLive));
  }

  /** Whether what the probes have told is enough. */
  #judge(state: BreakerState, reason: BreakerReason, openForMs: number, now: EpochMs, above: number): BreakerState {
    const { succeeded, failed } = state.probes;
    const canaryFailed = failed > 0 && succeeded === 0;
    if (canaryFailed || failed >= this.rules.failuresToOpen) return this.#open(state, reason, openForMs, now, above);
    if (succeeded < this.rules.successesToClose) return state;
    return move(state, 'closed', 'probes_succeeded', now, above);
  }

  /** The first probe goes alone; when it has succeeded, the others go together. A call goes before jobs that may call some time. */
  #lease(state: BreakerState, { token, leaseMs, begins }: ProbeRequest, now: EpochMs): Step<Permit> {
    const { leases, kept = {}, succeeded, failed } = state.probes;
    const isCall = begins || Object.hasOwn(leases, token);
    const underWay = size(leases) + (isCall ? 0 : size(kept));
    const hasRoom = succeeded === 0 ? underWay === 0 : underWay + succeeded + failed < this.rules.probes;
    if (!hasRoom && !Object.hasOwn(isCall ? leases : kept, token)) return refused(state, this.rules.busyRetryMs);
    const mine = { [token]: (now + Math.min(leaseMs, this.rules.longestLeaseMs)) as EpochMs };
    const leased = withProbes(state, {
      ...(isCall
        ? { leases: { ...leases, ...mine }, kept: without(token, kept) }
        : { leases, kept: { ...kept, ...mine } }),
      succeeded,
      failed,
    });
    return { state: leased, reply: { kind: 'probe', generation: leased.generation, state: leased } };
  }

  #open(state: BreakerState, reason: BreakerReason, openForMs: number, now: EpochMs, above: number): BreakerState {
    const until = (now + Math.min(openForMs, this.rules.longestOpenMs)) as EpochMs;
    return { ...move(state, 'open', reason, now, above), until, openings: state.openings + 1 };
  }

  /** A moment further ahead than any that is ever set was written under another clock, and counts as passed. */
  #isAhead(moment: EpochMs | undefined, now: EpochMs, longestMs: number): boolean {
    return moment !== undefined && moment > now && moment <= now + longestMs;
  }
}

function refused(state: BreakerState, retryAfterMs: number): Step<Permit> {
  return { state, reply: { kind: 'refused', state, retryAfterMs } };
}

function size(leases: BreakerProbes['leases']): number {
  return Object.keys(leases).length;
}

function without(token: string, leases: BreakerProbes['leases'] = {}): BreakerProbes['leases'] {
  const { [token]: _mine, ...others } = leases;
  return others;
}

function withProbes(state: BreakerState, { kept = {}, ...probes }: BreakerProbes): BreakerState {
  return { ...state, probes: { ...probes, ...(size(kept) > 0 && { kept }) } };
}

/** What a breaker keeps from phase to phase; the rest begins anew. */
function move(
  state: BreakerState,
  phase: BreakerPhase,
  reason: BreakerReason,
  now: EpochMs,
  above: number,
): BreakerState {
  const { name, generation, openings, callsPerSecond, callers } = state;
  return {
    name,
    generation: Math.max(generation, above) + 1,
    phase,
    reason,
    since: now,
    openings,
    callsPerSecond,
    callers,
    probes: noProbes,
  };
}
