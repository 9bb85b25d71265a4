import type { BreakerDefinition } from '../job/define-dependency.js';
import type { EpochMs } from '../time/duration.js';
import { BreakerMachine, closedBreaker, type Permit, type ProbeOutcome, type ProbeRequest } from './breaker-machine.js';
import { localRules } from './breaker-policy.js';
import { type BreakerState, type TripReason, tripReasons } from './breaker-state.js';
import type { CallOutcome } from './call-counts.js';
import { type Door, decideDoor } from './decide-door.js';
import { decideTrip } from './decide-trip.js';
import { FleetWindow } from './fleet-window.js';
import { openTimeMs } from './open-time.js';

/** The worker's own breaker, as the machine of the fleet with rules for one. */
const machine = new BreakerMachine(localRules);

type OwnOutcome = Omit<ProbeOutcome, 'openForMs'> & { readonly retryAfterMs: number | undefined };

/** In a window of one's own there is nobody else. */
const self = 'self';

/**
 * What one worker knows of one breaker: what the fleet has said, and what the worker's own calls have told. The worker's own breaker opens
 * by the rule of the fleet, with a quorum of one, and begins anew with everything that the fleet decides. All moments are monotonic.
 */
export class GateState {
  readonly #policy: BreakerDefinition;
  readonly #random: () => number;
  #fleet: BreakerState;
  #own: BreakerState;
  #window = new FleetWindow();
  /** Quick successes that are not in the window yet: most calls are, and cost no more than this. */
  #succeeded = 0;
  #succeededAt = 0;
  #askAt = 0;
  #turnedAwayAt: number | undefined;
  #turn = 0;

  constructor(name: string, policy: BreakerDefinition, random: () => number) {
    this.#policy = policy;
    this.#random = random;
    this.#fleet = neverOpened(name, 0);
    this.#own = this.#fleet;
  }

  /** Of the fleet's last decision. */
  get generation(): number {
    return this.#fleet.generation;
  }

  /** Grows with everything that was decided, by the fleet or here: what a call tells that began before is stale. */
  get turn(): number {
    return this.#turn;
  }

  /** Why the worker's own breaker is open, also after probes that failed; undefined when it is not. */
  get opened(): TripReason | undefined {
    if (this.#own.phase !== 'open') return undefined;
    return tripReasons.find((reason) => reason === this.#own.reason) ?? 'failure_rate';
  }

  get fleet(): BreakerState {
    return this.#fleet;
  }

  door(now: number, reachable: boolean): Door {
    const [askAt, turnedAwayAt] = [this.#askAt, this.#turnedAwayAt];
    return decideDoor({ fleet: this.#fleet, own: this.#own, reachable, askAt, turnedAwayAt }, now);
  }

  /** Takes over what the fleet says; undefined when it has nothing to say. True when that is news. */
  learn(said: BreakerState | undefined): boolean {
    const fleet = said ?? neverOpened(this.#fleet.name, 0);
    const isNews = fleet.generation !== this.#fleet.generation;
    // The same decision may say until when more exactly.
    this.#fleet = fleet;
    if (!isNews) return false;
    this.#own = neverOpened(fleet.name, fleet.generation);
    this.#askAt = 0;
    this.#begin();
    return true;
  }

  /** The fleet gave no probe: it is not asked again before so long. */
  refused(forMs: number, now: number): void {
    this.#askAt = now + forMs;
  }

  /** A call was one too many for the ramp. */
  turnedAway(now: number): void {
    this.#turnedAwayAt = now;
  }

  /** Counts a call that began under the present turn. True when the worker's own breaker opened by it. */
  count(outcome: CallOutcome, now: number): boolean {
    const { result, slow, retryAfterMs } = outcome;
    if (result === 'succeeded' && !slow) {
      this.#succeeded += 1;
      this.#succeededAt = now;
      return false;
    }
    this.gather();
    const failed = result === 'failed' ? 1 : 0;
    const counts = { succeeded: 1 - failed, failed, slow: slow ? 1 : 0, failedInARow: failed };
    this.#window.record(self, { ...counts, ...(retryAfterMs !== undefined && { retryAfterMs }) }, now);
    return this.#judge(now);
  }

  /** Puts into the window what has succeeded; to be called about once a second, so that it counts for the second in which it was. */
  gather(): void {
    if (this.#succeeded === 0) return;
    const counts = { succeeded: this.#succeeded, failed: 0, slow: 0, failedInARow: 0 };
    this.#window.record(self, counts, this.#succeededAt);
    this.#succeeded = 0;
  }

  /** Asks the worker's own breaker for a probe, which is to be settled. */
  probe(request: Omit<ProbeRequest, 'openForMs'>, now: number): Permit {
    // What the fleet left open, and cannot be asked about, goes on from there.
    const state = this.#hasDecided ? this.#own : passed(this.#fleet);
    const openForMs = this.openForMs(state);
    const { state: next, reply } = machine.ask(state, { ...request, openForMs }, now as EpochMs);
    this.#become(next);
    return reply;
  }

  /** Says what became of a probe of the worker's own breaker, and for how long the dependency asked not to be called. */
  settle({ token, generation, result, retryAfterMs }: OwnOutcome, now: number): void {
    const openForMs = this.openForMs(this.#own, retryAfterMs);
    this.#become(machine.settle(this.#own, { token, generation, result, openForMs }, now as EpochMs).state);
  }

  /** For how long it opens if the next thing that becomes of it is that it opens. */
  openForMs(state: BreakerState = this.#fleet, retryAfterMs = 0): number {
    return openTimeMs(this.#policy, state.openings + 1, this.#random(), retryAfterMs);
  }

  /** Whether the worker's own breaker has decided something since the fleet did. */
  get #hasDecided(): boolean {
    return this.#own.generation > this.#fleet.generation;
  }

  #judge(now: number): boolean {
    const view = this.#window.view(now);
    const decision = decideTrip(view);
    if (decision.kind === 'stay' || (this.#fleet.phase !== 'closed' && !this.#hasDecided)) return false;
    const { state, reply } = machine.trip(
      this.#own,
      {
        generation: this.#own.generation,
        reason: decision.reason,
        openForMs: this.openForMs(this.#own, view.retryAfterMs),
        callsPerSecond: this.#window.steady(now).callsPerSecond,
        callers: 1,
      },
      now as EpochMs,
    );
    this.#become(state);
    return reply === 'tripped';
  }

  #become(own: BreakerState): void {
    const isNews = own.generation !== this.#own.generation;
    this.#own = own;
    if (isNews) this.#begin();
  }

  #begin(): void {
    this.#turn += 1;
    this.#succeeded = 0;
    this.#window = new FleetWindow();
  }
}

/** A breaker that has closed at no time that matters. */
function neverOpened(name: string, generation: number): BreakerState {
  return { ...closedBreaker(name), generation, since: Number.NEGATIVE_INFINITY as EpochMs };
}

/** An open or isolated breaker of the fleet whose time is over, and one whose probes nobody can settle. */
function passed(fleet: BreakerState): BreakerState {
  return { ...fleet, phase: 'open', until: fleet.since };
}
