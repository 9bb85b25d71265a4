import type { EventEmitter } from 'node:events';
import type { Cancellation } from '../job/cancellation.js';
import type { BreakerDefinition, DependencyDefinition } from '../job/define-dependency.js';
import type { ErrorVerdict } from '../job/error-verdict.js';
import { markFailedDependency } from '../retry/failed-dependency.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Clock } from '../time/clock.js';
import { DependencyBusyError } from './breaker-errors.js';
import { fleetRules } from './breaker-policy.js';
import type { BreakerState, CallEvidence } from './breaker-state.js';
import { CallCounts, type CallOutcome } from './call-counts.js';
import { decideCallOutcome } from './decide-call-outcome.js';
import { type Door, decideIsolation } from './decide-door.js';
import { DependencyTimeoutError } from './dependency-timeout-error.js';
import { Entrance, type Entry, type Pass, type Probe } from './entrance.js';
import { markFailedCall } from './failed-call.js';
import type { FleetBreakers } from './fleet-breakers.js';
import { GateState } from './gate-state.js';
import { GuardedCall } from './guarded-call.js';
import { OpossumGate } from './opossum-gate.js';
import { type Refusal, refusalOf } from './refusal.js';

/** What all gates of a worker share. */
export interface GateWorld {
  readonly fleet: Pick<FleetBreakers, 'isReachable' | 'ask' | 'settle' | 'ration'>;
  readonly metrics: Pick<Metrics, 'dependencyCall' | 'breakerCalls'>;
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly random: () => number;
  /** Emits `rotate` about once a second. */
  readonly rotation: EventEmitter;
  /** Resolves when the worker has heard what the fleet has decided, or had time to; undefined from then on. */
  readonly informing: () => Promise<void> | undefined;
  /** Told of a gate that has something to tell the fleet. */
  readonly onCounted: (gate: CallGate) => void;
  /** Told of a gate whose own breaker went to another phase. */
  readonly onTurn: (gate: CallGate) => void;
}

export interface CallRequest<T> {
  readonly fn: (signal: AbortSignal) => Promise<T> | T;
  readonly timeoutMs: number;
  /** Of the job; the call ends with it. */
  readonly cancellation: Pick<Cancellation, 'hold' | 'release'>;
  /** Says what an error of the call means. */
  readonly verdictOf: (error: unknown) => ErrorVerdict;
  /** Undefined where the gate is free. */
  readonly pass: Pass | undefined;
}

/** When a call that was one too many is worth another try. */
const busyRetryMs = 1_000;

/**
 * One breaker in this worker: makes the calls of a dependency, or of one key of it, and learns from them. What it knows stands in
 * `GateState`; opossum sees to capacity and timeout.
 */
export class CallGate {
  readonly name: string;
  readonly dependency: DependencyDefinition;
  /** The gate of the whole dependency, where this one is of a key: who isolates the dependency means its keys too. */
  readonly parent: CallGate | undefined;
  /** When it was used last, in calls of the worker; who has many of them drops the oldest. */
  usedAt = 0;
  readonly #world: GateWorld;
  readonly #opossum: OpossumGate;
  /** Undefined where the dependency has no breaker. */
  readonly #state: GateState | undefined;
  /** By an operator, of a dependency that has none. */
  #isolation: BreakerState | undefined;
  readonly #entrance: Entrance;
  readonly #counts = new CallCounts();
  #isFree = true;
  #underWay = 0;
  #hasCounted = false;
  /** Not in the metrics yet. */
  #succeeded = 0;

  constructor(name: string, dependency: DependencyDefinition, world: GateWorld, parent?: CallGate) {
    const { breaker, capacity } = dependency;
    this.name = name;
    this.dependency = dependency;
    this.parent = parent;
    this.#world = world;
    this.#opossum = new OpossumGate(name, capacity, world.rotation);
    this.#state = breaker === false ? undefined : new GateState(name, breaker, world.random);
    const { fleet, clock, informing } = world;
    this.#entrance = new Entrance({
      name,
      state: this.#state,
      door: () => this.door(),
      hasHealthProbe: this.healthProbe !== undefined,
      fleet,
      clock,
      informing,
      onTurn: () => world.onTurn(this),
    });
  }

  /** Whether calls may be made, as far as is known without a look at the time. False only says that it takes a look. */
  get isFree(): boolean {
    return this.#isFree && this.parent?.isIsolated !== true && this.#world.informing() === undefined;
  }

  get isIdle(): boolean {
    return this.#underWay === 0;
  }

  /** A call begins to wait for its turn: until it is released the gate is not idle. */
  hold(): void {
    this.#underWay += 1;
  }

  release(): void {
    this.#underWay -= 1;
  }

  get isIsolated(): boolean {
    return (this.#state?.fleet ?? this.#isolation)?.phase === 'isolated' && this.door().kind === 'shut';
  }

  door(): Door {
    if (this.parent?.isIsolated) return this.parent.door();
    const { clock, fleet } = this.#world;
    const now = clock.elapsed();
    const door = this.#state?.door(now, fleet.isReachable) ?? decideIsolation(this.#isolation, now);
    this.#isFree = door.kind === 'free';
    return door;
  }

  /** The door as jobs find it: where a health probe finds out whether the dependency is back, none of them does. */
  jobDoor(): Door['kind'] {
    const { kind } = this.door();
    return kind === 'probe' && this.healthProbe !== undefined ? 'shut' : kind;
  }

  /** What finds out whether the dependency is back, in the place of jobs. Of a key only its jobs can. */
  get healthProbe(): BreakerDefinition['probe'] {
    const { breaker } = this.dependency;
    return breaker === false || this.parent !== undefined ? undefined : breaker.probe;
  }

  /** Why no call may be made at this moment, unless to probe; undefined where calls may be made. Asks nobody. */
  refusal(): Refusal | undefined {
    const door = this.door();
    if (door.kind !== 'shut' && door.kind !== 'probe') return undefined;
    return refusalOf(door.by, door.state, door.kind === 'shut' ? door.forMs : fleetRules.busyRetryMs);
  }

  /** Takes over what the fleet says of it; undefined when it has nothing to say. */
  learn(state: BreakerState | undefined): void {
    if (this.#state === undefined) {
      this.#isolation = state?.phase === 'isolated' ? state : undefined;
      this.#isFree = this.#isolation === undefined;
      return;
    }
    if (!this.#state.learn(state)) return;
    this.#isFree = false;
    this.#counts.clear();
  }

  /** Asks to make one call, which may take so long, for a job; of the fleet where it takes a turn or a probe. */
  enter(timeoutMs: number = this.dependency.timeoutMs): Entry | Promise<Entry> {
    return this.#entrance.enter(timeoutMs);
  }

  /** The same for a job that has not started: where its call takes a probe, it is to `begin` it. */
  admit(): Entry | Promise<Entry> {
    return this.#entrance.admit(this.dependency.timeoutMs);
  }

  /** Begins the call for which a job was admitted. */
  begin(pass: Probe, timeoutMs: number): Promise<Entry> {
    return this.#entrance.begin(pass, timeoutMs);
  }

  /** Asks for a probe of a breaker whose door says that it takes one, to be made at once. */
  probe(door: Extract<Door, { kind: 'probe' }>): Entry | Promise<Entry> {
    return this.#entrance.probe(door, this.dependency.timeoutMs);
  }

  /** Gives back a pass that nobody used. */
  giveBack(pass: Pass): void {
    this.#entrance.settle(pass, 'ignored');
  }

  /**
   * Makes one call.
   *
   * @throws DependencyTimeoutError, DependencyBusyError, the reason for which the job was aborted, or what the call throws.
   */
  async call<T>({ fn, timeoutMs, cancellation, verdictOf, pass }: CallRequest<T>): Promise<T> {
    const { clock } = this.#world;
    const call = new GuardedCall(fn, timeoutMs);
    const turn = this.#state?.turn;
    const startedAt = clock.elapsed();
    this.hold();
    cancellation.hold(call);
    try {
      const value = await this.#opossum.fire(call);
      this.#ended(turn, pass, startedAt, 'ok', 'succeeded');
      return value;
    } catch (thrown) {
      if (OpossumGate.isLocked(thrown)) throw this.#busy(pass);
      const error = call.reason ?? thrown;
      const { result, retryAfterMs } = decideCallOutcome({ error, reason: call.reason, verdictOf, pass });
      const label = error instanceof DependencyTimeoutError && error === call.reason ? 'timeout' : 'error';
      // The end of the job is not the fault of its calls.
      if (call.reason === undefined || label === 'timeout') markFailedDependency(error, this.dependency.name);
      if (result === 'failed') markFailedCall(error, this);
      this.#ended(turn, pass, startedAt, label, result, retryAfterMs);
      throw error;
    } finally {
      this.release();
      cancellation.release(call);
    }
  }

  /** Takes what is to be told to the fleet, and counts what was left to be counted together. */
  takeEvidence(): CallEvidence | undefined {
    const { metrics } = this.#world;
    this.#hasCounted = false;
    if (this.#succeeded > 0) {
      metrics.breakerCalls.inc({ dependency: this.dependency.name, result: 'success' }, this.#succeeded);
      this.#succeeded = 0;
    }
    this.#state?.gather();
    const { breaker } = this.dependency;
    if (this.#state === undefined || breaker === false) return undefined;
    const { openForMs, openAtMostMs } = breaker;
    const { generation, opened } = this.#state;
    return this.#counts.take({ breaker: this.name, generation, openForMs, openAtMostMs, ...(opened && { opened }) });
  }

  /** Lets go of everything; it is used no more. */
  close(): void {
    this.#opossum.close();
  }

  #ended(
    turn: number | undefined,
    pass: Pass | undefined,
    startedAt: number,
    label: 'ok' | 'error' | 'timeout',
    result: CallOutcome['result'] | 'ignored',
    retryAfterMs?: number,
  ): void {
    const { clock, metrics, onCounted, onTurn } = this.#world;
    const { name: dependency, slowMs } = this.dependency;
    const now = clock.elapsed();
    metrics.dependencyCall.observe({ dependency, result: label }, (now - startedAt) / 1_000);
    if (result === 'succeeded') this.#succeeded += 1;
    else metrics.breakerCalls.inc({ dependency, result: result === 'failed' ? 'failure' : 'ignored' });
    if (!this.#hasCounted) {
      this.#hasCounted = true;
      onCounted(this);
    }
    if (result === 'ignored') {
      if (pass) this.#entrance.settle(pass, result, retryAfterMs);
      return;
    }
    const outcome = { result, slow: now - startedAt > slowMs, retryAfterMs };
    if (pass?.kind === 'probe') {
      // The leader may have missed that this breaker opened, or be another one by now: each probe of it tells again.
      if (pass.by === 'worker' && turn === this.#state?.turn) this.#counts.count(outcome);
      this.#entrance.settle(pass, result, retryAfterMs);
    } else if (this.#state !== undefined && turn === this.#state.turn) {
      this.#counts.count(outcome);
      if (!this.#state.count(outcome, now)) return;
      this.#isFree = false;
      onTurn(this);
    }
  }

  /** One call too many says nothing of the dependency. */
  #busy(pass: Pass | undefined): DependencyBusyError {
    const { name: dependency, capacity = 0 } = this.dependency;
    this.#world.metrics.breakerCalls.inc({ dependency, result: 'rejected' });
    if (pass) this.#entrance.settle(pass, 'ignored');
    return new DependencyBusyError(this.name, capacity, busyRetryMs);
  }
}
