import { type Clock, pause } from '../time/clock.js';
import {
  fleetRules,
  leaseTimeouts,
  rationHeadroom,
  rationSavedMs,
  rationTakenMs,
  shortestLeaseMs,
} from './breaker-policy.js';
import type { BreakerState } from './breaker-state.js';
import type { CallOutcome } from './call-counts.js';
import type { Decider, Door } from './decide-door.js';
import type { FleetBreakers, FleetProbe, FleetRequest } from './fleet-breakers.js';
import type { GateState } from './gate-state.js';
import { Ration } from './ration.js';
import { type Refusal, refusalOf } from './refusal.js';

/** The right to make one call. */
export type Pass = { readonly kind: 'free' } | Probe;

/** The right to make a call whose outcome helps to decide whether the breaker closes. */
export interface Probe extends FleetProbe {
  readonly kind: 'probe';
  readonly by: Decider;
}

/** What whoever wants to make a call is told. */
export type Entry =
  | { readonly kind: 'pass'; readonly pass: Pass }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface EntranceParts {
  /** The breaker by which the fleet is asked. */
  readonly name: string;
  /** Undefined where the dependency has no breaker. */
  readonly state: GateState | undefined;
  /** Whether calls may be made at this moment. */
  readonly door: () => Door;
  /** Whether a health probe finds out if the dependency is back: then no job does. */
  readonly hasHealthProbe: boolean;
  readonly fleet: Pick<FleetBreakers, 'isReachable' | 'ask' | 'settle' | 'ration'>;
  readonly clock: Pick<Clock, 'elapsed'>;
  /** Resolves when the worker has heard what the fleet has decided, or had time to; undefined from then on. */
  readonly informing: () => Promise<void> | undefined;
  /** Told whenever the worker's own breaker may have gone to another phase. */
  readonly onTurn: () => void;
}

/** A probe that begins at once, or the admission of a job that will begin it later. */
type Wish = Omit<FleetRequest, 'openForMs'>;
type Rationed = Extract<Door, { kind: 'rationed' }>;
type Probed = Extract<Door, { kind: 'probe' }>;

const freeEntry: Entry = { kind: 'pass', pass: { kind: 'free' } };

/**
 * Gives the right to make one call through a gate. While its door is free nobody is asked. While the breaker ramps a call needs a turn, of the
 * fleet's ration or else of the worker's own; while it is to be probed, the lease of a probe, which has to be settled.
 */
export class Entrance {
  readonly #parts: EntranceParts;
  readonly #ration = new Ration();
  /** Calls of the fleet's ration that were taken and not made yet, and until when they may be. */
  #turns = 0;
  #turnsUntil = 0;
  #tokens = 0;

  constructor(parts: EntranceParts) {
    this.#parts = parts;
  }

  /** Asks to make one call at once, which may take so long. */
  enter(timeoutMs: number): Entry | Promise<Entry> {
    return this.#enter({ leaseMs: leaseOf(timeoutMs), begins: true });
  }

  /** The same for a call that its job will `begin` later, where it takes a probe. */
  admit(timeoutMs: number): Entry | Promise<Entry> {
    return this.#enter({ leaseMs: leaseOf(timeoutMs), begins: false });
  }

  /** Begins the call of a probe that was admitted. From now on its lease runs: until then the job did other things, for however long. */
  async begin(pass: Probe, timeoutMs: number): Promise<Entry> {
    const entry = await this.#begin(pass, { token: pass.token, leaseMs: leaseOf(timeoutMs), begins: true });
    if (entry.kind === 'refused') this.settle(pass, 'ignored');
    return entry;
  }

  /** Asks for a probe of a breaker whose door says that it takes one, to be made at once. */
  probe(door: Probed, timeoutMs: number): Entry | Promise<Entry> {
    return this.#probe(door, { leaseMs: leaseOf(timeoutMs), begins: true });
  }

  /** Says what became of a pass, and for how long the dependency asked not to be called. */
  settle(pass: Pass, result: CallOutcome['result'] | 'ignored', retryAfterMs?: number): void {
    const { name, state, fleet, clock, onTurn } = this.#parts;
    if (pass.kind === 'free' || state === undefined) return;
    if (pass.by === 'fleet') {
      fleet.settle(name, pass, result, state.openForMs(undefined, retryAfterMs));
      return;
    }
    state.settle({ ...pass, result, retryAfterMs }, clock.elapsed());
    onTurn();
  }

  #begin(pass: Probe, wish: Wish): Entry | Promise<Entry> {
    if (pass.by === 'fleet') return this.#probeFleet(wish);
    const door = this.#parts.door();
    const isOwn = (door.kind === 'shut' || door.kind === 'probe') && door.by === 'worker';
    return isOwn ? this.#probeAlone(door.state, wish) : this.#enter(wish);
  }

  #enter(wish: Wish): Entry | Promise<Entry> {
    return this.#parts.informing()?.then(() => this.#enterInformed(wish)) ?? this.#enterInformed(wish);
  }

  #enterInformed(wish: Wish): Entry | Promise<Entry> {
    const { door: doorNow, fleet, hasHealthProbe } = this.#parts;
    const door = doorNow();
    switch (door.kind) {
      case 'free':
        return freeEntry;
      case 'rationed':
        return door.by === 'fleet' && fleet.isReachable ? this.#enterInTurn(door, wish) : this.#enterAlone(door, wish);
      case 'shut':
        return refused(door.by, door.state, door.forMs);
      case 'probe':
        return hasHealthProbe ? refused(door.by, door.state, fleetRules.busyRetryMs) : this.#probe(door, wish);
    }
  }

  /** One of the calls that all workers share while the fleet's breaker ramps: jobs are not spread over workers as their shares would be. */
  async #enterInTurn(door: Rationed, wish: Wish): Promise<Entry> {
    const { name, fleet, clock } = this.#parts;
    if (this.#turns > 0 && clock.elapsed() < this.#turnsUntil) {
      this.#turns -= 1;
      return freeEntry;
    }
    const perSecond = (door.perSecond * Math.max(1, door.state.callers)) / rationHeadroom;
    const wanted = Math.max(1, Math.floor((perSecond * rationTakenMs) / 1_000));
    const share = await fleet.ration(name, perSecond, wanted);
    if (share === undefined) return this.#enterAlone(door, wish);
    if (share.given === 0) return this.#turnAway(door.state, share.inMs);
    this.#turns = share.given - 1;
    this.#turnsUntil = clock.elapsed() + share.inMs + rationSavedMs;
    return share.inMs === 0 ? freeEntry : this.#enterLater(share.inMs, wish);
  }

  /** Of its own share, where there is nobody to be asked. */
  #enterAlone({ state, perSecond }: Rationed, wish: Wish): Entry | Promise<Entry> {
    const share = this.#ration.take(perSecond, this.#parts.clock.elapsed());
    if (share.kind === 'none') return this.#turnAway(state, share.forMs);
    return share.inMs === 0 ? freeEntry : this.#enterLater(share.inMs, wish);
  }

  #turnAway(state: BreakerState, forMs: number): Entry {
    this.#parts.state?.turnedAway(this.#parts.clock.elapsed());
    return refused('worker', state, forMs);
  }

  /** When its turn has come the breaker may have opened again. */
  async #enterLater(inMs: number, wish: Wish): Promise<Entry> {
    await pause(inMs);
    const { kind } = this.#parts.door();
    return kind === 'free' || kind === 'rationed' ? freeEntry : this.#enter(wish);
  }

  #probe({ by, state }: Probed, wish: Wish): Entry | Promise<Entry> {
    return by === 'fleet' ? this.#probeFleet(wish) : this.#probeAlone(state, wish);
  }

  async #probeFleet(wish: Wish): Promise<Entry> {
    const { name, state, fleet, clock } = this.#parts;
    if (state === undefined) return freeEntry;
    const answer = await fleet.ask(name, { ...wish, openForMs: state.openForMs() });
    if (answer === undefined) return refused('fleet', state.fleet, fleetRules.busyRetryMs);
    if ('token' in answer) return { kind: 'pass', pass: { ...answer, kind: 'probe', by: 'fleet' } };
    if (answer.kind === 'pass') return freeEntry;
    state.refused(answer.retryAfterMs, clock.elapsed());
    return refused('fleet', answer.state, answer.retryAfterMs);
  }

  #probeAlone(found: BreakerState, wish: Wish): Entry {
    const { state, clock, onTurn } = this.#parts;
    const token = wish.token ?? `own:${this.#tokens++}`;
    const permit = state?.probe({ ...wish, token }, clock.elapsed());
    onTurn();
    if (permit?.kind === 'pass') return freeEntry;
    if (permit?.kind !== 'probe') return refused('worker', found, fleetRules.busyRetryMs);
    return { kind: 'pass', pass: { kind: 'probe', by: 'worker', token, generation: permit.generation } };
  }
}

function leaseOf(timeoutMs: number): number {
  return Math.max(shortestLeaseMs, leaseTimeouts * timeoutMs);
}

function refused(by: Decider, state: BreakerState, retryAfterMs: number): Entry {
  return { kind: 'refused', refusal: refusalOf(by, state, retryAfterMs) };
}
