import { EventEmitter } from 'node:events';
import type { DependencyDefinition } from '../job/define-dependency.js';
import { DefinitionError } from '../job/definition-error.js';
import { within } from '../time/deadline.js';
import { longestKey } from './breaker-policy.js';
import type { BreakerState } from './breaker-state.js';
import { CallGate, type GateWorld } from './call-gate.js';

export interface CallGatesOptions extends Omit<GateWorld, 'rotation' | 'informing'> {
  /** Told of the first gate: from then on there is something to be told of. What it gives resolves when the gates were told of it. */
  readonly onFirst: () => Promise<void> | undefined;
}

/** The first call of a worker waits so long to hear what the fleet has decided; longer would be worse than a call too many. */
const informingMs = 1_000;

/** More would be kept by handlers that make a key of everything; those that are used again and again stay. */
const mostGates = 1_000;

/** The gates of one worker, by the name of their breaker: a dependency, or `<dependency>/<key>`. */
export class CallGates {
  readonly #options: CallGatesOptions;
  readonly #rotation = new EventEmitter().setMaxListeners(0);
  readonly #gates = new Map<string, CallGate>();
  #said: ReadonlyMap<string, BreakerState> = new Map();
  #informing: Promise<void> | undefined;
  #uses = 0;

  readonly #world: GateWorld;

  constructor(options: CallGatesOptions) {
    this.#options = options;
    this.#world = { ...options, rotation: this.#rotation, informing: () => this.#informing };
  }

  /**
   * The gate of a dependency, or of one key of it.
   *
   * @throws DefinitionError when the key is too long to name a breaker.
   */
  of(dependency: DependencyDefinition, key?: string): CallGate {
    const whole = this.#used(dependency.name) ?? this.#add(dependency.name, dependency);
    if (key === undefined || key === '') return whole;
    const name = `${dependency.name}/${key}`;
    return this.#used(name) ?? this.#add(name, dependency, whole, key);
  }

  /** The gate of a breaker that has one. */
  find(name: string): CallGate | undefined {
    return this.#gates.get(name);
  }

  get size(): number {
    return this.#gates.size;
  }

  [Symbol.iterator](): Iterator<CallGate> {
    return this.#gates.values();
  }

  /** Takes over what the fleet says of all breakers; one that is missing is closed and as good as new. */
  learn(states: readonly BreakerState[]): void {
    this.#informing = undefined;
    this.#said = new Map(states.map((state) => [state.name, state]));
    for (const gate of this) gate.learn(this.#said.get(gate.name));
  }

  /** To be called about once a second: opossum forgets what is older. */
  rotate(): void {
    this.#rotation.emit('rotate');
  }

  #used(name: string): CallGate | undefined {
    const gate = this.#gates.get(name);
    if (gate) gate.usedAt = ++this.#uses;
    return gate;
  }

  #add(name: string, dependency: DependencyDefinition, whole?: CallGate, key?: string): CallGate {
    if (key !== undefined && key.length > longestKey) {
      throw new DefinitionError(
        `dependency ${dependency.name}: a key has at most ${longestKey} characters, because it names a breaker; got ${key.length}: ${JSON.stringify(`${key.slice(0, 40)}…`)}`,
      );
    }
    if (this.#gates.size >= mostGates) this.#dropOldest();
    const gate = new CallGate(name, dependency, this.#world, whole);
    gate.usedAt = ++this.#uses;
    gate.learn(this.#said.get(name));
    this.#gates.set(name, gate);
    if (this.#uses === 1) this.#hear(this.#options.onFirst());
    return gate;
  }

  #hear(hearing: Promise<void> | undefined): void {
    this.#informing =
      hearing &&
      within(informingMs, hearing).then(() => {
        this.#informing = undefined;
      });
  }

  /** Of the gates that make no call, the one that was used longest ago; none while all of them do. */
  #dropOldest(): void {
    let oldest: CallGate | undefined;
    for (const gate of this) {
      if (gate.isIdle && gate.usedAt < (oldest?.usedAt ?? Number.POSITIVE_INFINITY)) oldest = gate;
    }
    if (oldest === undefined) return;
    this.#gates.delete(oldest.name);
    oldest.close();
  }
}
