import {
  BreakerMachine,
  closedBreaker,
  type ProbeOutcome,
  type TripVerdict,
} from '../../src/breaker/breaker-machine.js';
import { fleetRules } from '../../src/breaker/breaker-policy.js';
import type { Share } from '../../src/breaker/breaker-scripts.js';
import type { BreakerState } from '../../src/breaker/breaker-state.js';
import type { CallGate, GateWorld } from '../../src/breaker/call-gate.js';
import { CallGates } from '../../src/breaker/call-gates.js';
import type { FleetProbe } from '../../src/breaker/fleet-breakers.js';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.js';
import type { EpochMs } from '../../src/time/duration.js';

const machine = new BreakerMachine(fleetRules);

/** The fleet's breakers in memory, by the machine that Redis runs too; its clock is that of the gates. */
class MemoryFleet {
  readonly #states = new Map<string, BreakerState>();
  readonly #now: () => EpochMs;
  #tokens = 0;
  isReachable = true;
  /** Told of everything that was settled. */
  readonly settled: string[] = [];

  constructor(now: () => EpochMs) {
    this.#now = now;
  }

  get states(): BreakerState[] {
    return [...this.#states.values()];
  }

  state(name: string): BreakerState {
    return this.#states.get(name) ?? closedBreaker(name);
  }

  trip(name: string, verdict: Partial<TripVerdict> = {}): void {
    const state = this.state(name);
    const whole: TripVerdict = {
      generation: state.generation,
      reason: 'failure_rate',
      openForMs: 2_000,
      callsPerSecond: 0,
      callers: 1,
      ...verdict,
    };
    this.#states.set(name, machine.trip(state, whole, this.#now()).state);
  }

  isolate(name: string, forMs?: number): void {
    const isolation = { by: 'ann', why: 'maintenance', ...(forMs !== undefined && { forMs }) };
    this.#states.set(name, machine.isolate(this.state(name), isolation, this.#now()).state);
  }

  release(name: string): void {
    this.#states.set(name, machine.release(this.state(name), { by: 'ann', why: 'done' }, this.#now()).state);
  }

  readonly ask: GateWorld['fleet']['ask'] = async (name, { token = `other:${this.#tokens++}`, ...request }) => {
    const { state, reply } = machine.ask(this.state(name), { token, ...request }, this.#now());
    this.#states.set(name, state);
    return reply.kind === 'probe' ? { token, generation: reply.generation } : reply;
  };

  /** What the fleet answers to those who ask for calls while it ramps; undefined as if it had not answered. */
  share: Share | undefined;
  /** How many calls they asked for, and of how many a second. */
  readonly rationed: (readonly [perSecond: number, wanted: number])[] = [];

  readonly ration: GateWorld['fleet']['ration'] = async (_name, perSecond, wanted) => {
    this.rationed.push([perSecond, wanted]);
    return this.share;
  };

  readonly settle = (name: string, probe: FleetProbe, result: ProbeOutcome['result'], openForMs: number): void => {
    this.settled.push(`${name} ${result}`);
    const { state } = machine.settle(this.state(name), { ...probe, result, openForMs }, this.#now());
    this.#states.set(name, state);
  };
}

/** The gates of a worker on a clock that is moved by hand, with a fleet beside them. */
export function testGates(
  options: {
    readonly metrics?: Metrics;
    readonly elapsed?: () => number;
    /** Resolves when the gates were told what the fleet has decided; without it they know. */
    readonly heard?: Promise<void>;
  } = {},
) {
  const clock = { time: 1_000_000, elapsed: options.elapsed ?? ((): number => clock.time) };
  const fleet = new MemoryFleet(() => clock.elapsed() as EpochMs);
  const metrics = options.metrics ?? createMetrics({ role: 'worker', version: '1.2.3' });
  const turned: string[] = [];
  const counted = new Set<CallGate>();
  const gates = new CallGates({
    fleet,
    metrics,
    clock,
    random: () => 0.5,
    onFirst: () => options.heard,
    onCounted: (gate) => counted.add(gate),
    onTurn: (gate) => turned.push(`${gate.name} ${gate.door().kind}`),
  });
  return {
    gates,
    fleet,
    clock,
    metrics,
    turned,
    counted,
    /** Has the gates learn what the fleet has decided. */
    sync: () => gates.learn(fleet.states),
  };
}
