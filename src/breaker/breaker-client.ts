import type { Logger } from 'pino';
import { PeriodicService } from '../service/periodic-service.js';
import type { Service } from '../service/service.js';
import type { Clock } from '../time/clock.js';
import { within } from '../time/deadline.js';
import type { EpochMs } from '../time/duration.js';
import { mostCallsPerReport } from './breaker-policy.js';
import type { BreakerState } from './breaker-state.js';
import type { BreakerPicture } from './breaker-store.js';
import type { CallGate } from './call-gate.js';
import type { CallGates } from './call-gates.js';
import type { FleetBreakers } from './fleet-breakers.js';

export interface BreakerClientOptions {
  readonly worker: string;
  readonly fleet: FleetBreakers;
  readonly gates: CallGates;
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly log: Logger;
  /** Told whenever a door may have opened or shut. */
  readonly onLook: () => void;
  readonly onRun?: (result: 'ok' | 'error', durationMs: number) => void;
}

/** While calls are made or something is not closed. */
const busyIntervalMs = 500;
/** Else; with the jitter and the answer still well below a second. */
const idleIntervalMs = 700;
/** What a worker that stops has to tell may take so long. */
const farewellMs = 500;

/**
 * Keeps one worker and the fleet informed of each other: tells the leader what the calls came to, and the gates what the fleet has decided.
 * Doors that time alone opens are noticed when it has.
 */
export class BreakerClient implements Service {
  readonly #options: BreakerClientOptions;
  readonly #service: PeriodicService;
  /** Resolves when the gates know what the fleet has decided. */
  readonly heard: Promise<void>;
  #tellHeard: () => void = () => undefined;
  readonly #counted = new Set<CallGate>();
  #known: number | undefined;
  #isBusy = false;
  #alarm: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: BreakerClientOptions) {
    this.#options = options;
    this.heard = new Promise((resolve) => {
      this.#tellHeard = resolve;
    });
    this.#service = new PeriodicService({
      name: 'breaker-client',
      intervalMs: () => (this.#isBusy ? busyIntervalMs : idleIntervalMs),
      run: () => this.#run(),
      log: options.log,
      ...(options.onRun && { onRun: options.onRun }),
    });
  }

  start(): void {
    if (!this.#stopped) this.#service.start();
  }

  /** Stops, and tells what there is left to tell. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#alarm);
    await this.#service.stop();
    await within(farewellMs, this.#report());
  }

  /** A gate has something to tell. */
  counted(gate: CallGate): void {
    this.#counted.add(gate);
  }

  /** Something was decided here or with the fleet: look at the doors, and ask the fleet soon. */
  turned(): void {
    if (this.#stopped) return;
    this.#look();
    this.#service.wake();
  }

  async #run(): Promise<void> {
    const { fleet, gates } = this.#options;
    gates.rotate();
    this.#isBusy = this.#counted.size > 0;
    try {
      await this.#report();
      const picture = await fleet.sync(this.#known);
      if (picture !== 'unchanged') this.#learn(picture);
      this.#tellHeard();
    } finally {
      this.#look();
    }
  }

  async #report(): Promise<void> {
    const calls = [...this.#counted].flatMap((gate) => gate.takeEvidence() ?? []);
    this.#counted.clear();
    const { fleet, worker } = this.#options;
    for (let from = 0; from < calls.length; from += mostCallsPerReport) {
      await fleet.report({ worker, calls: calls.slice(from, from + mostCallsPerReport) });
    }
  }

  #learn({ generation, now, states }: BreakerPicture): void {
    const { gates, clock } = this.#options;
    // The moments are Redis'; those of the gates are monotonic, so that no clock that is set changes how long a breaker is open.
    const offsetMs = clock.elapsed() - now;
    gates.learn(states.map((state) => shifted(state, offsetMs)));
    this.#known = generation;
  }

  /** Looks at every door that is not simply open, and again when time opens the first of them. */
  #look(): void {
    clearTimeout(this.#alarm);
    let nextMs = Number.POSITIVE_INFINITY;
    for (const gate of this.#options.gates) {
      if (gate.isFree) continue;
      const door = gate.door();
      if (door.kind !== 'free') this.#isBusy = true;
      if (door.kind === 'shut') nextMs = Math.min(nextMs, door.forMs);
    }
    if (Number.isFinite(nextMs) && !this.#stopped) {
      this.#alarm = setTimeout(() => this.#look(), Math.ceil(nextMs)).unref();
    }
    this.#options.onLook();
  }
}

function shifted(state: BreakerState, byMs: number): BreakerState {
  const { since, until } = state;
  return {
    ...state,
    since: (since + byMs) as EpochMs,
    ...(until !== undefined && { until: (until + byMs) as EpochMs }),
  };
}
