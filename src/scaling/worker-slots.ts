import type { FleetView } from '../recovery/fleet-view.js';
import type { QueueSlots, WorkerBeat } from '../recovery/worker-beat.js';

/** The workers that take jobs, as far as scaling wants to know them. */
export interface FleetSlots {
  /** How many workers serve at least one of these queues. */
  workersOf(queues: readonly string[]): number;
  /** How many jobs of this queue one worker runs at the same time, on average; undefined when no worker serves it. */
  slotsOf(queue: string): number | undefined;
  /** The dependencies that kinds of these queues need. */
  needsOf(queues: readonly string[]): ReadonlySet<string>;
}

export interface WorkerSlotsOptions {
  readonly view: Pick<FleetView, 'read'>;
  /** The last beats of these workers, of those that have one. */
  readonly beatsOf: (ids: readonly string[]) => Promise<WorkerBeat[]>;
  /** Whoever has been silent for longer is not counted. */
  readonly deadAfterMs: number;
}

/** The sweeps read the fleet as often. */
const readMs = 1_000;
/** More newcomers are asked at the next look. */
const newcomersPerLook = 200;

/**
 * Knows which slots the workers have, and what their kinds need. Neither ever changes for a worker, so only newcomers are asked for them: the rest is in what the leader
 * reads of all workers anyway.
 */
export class WorkerSlots {
  readonly #options: WorkerSlotsOptions;
  /** By worker. One that runs a single suspect has none. */
  #known = new Map<string, readonly QueueSlots[]>();

  constructor(options: WorkerSlotsOptions) {
    this.#options = options;
  }

  async read(): Promise<FleetSlots> {
    const { view, beatsOf, deadAfterMs } = this.#options;
    const { at, workers } = await view.read(readMs);
    this.#known = new Map(workers.flatMap(({ id }) => this.#entryOf(id)));
    const newcomers = workers.filter(({ id }) => !this.#known.has(id)).slice(0, newcomersPerLook);
    if (newcomers.length > 0) {
      const beats = await beatsOf(newcomers.map(({ id }) => id));
      for (const { id, queues, suspect } of beats) this.#known.set(id, suspect === undefined ? queues : []);
    }
    // A blocked one is about to take jobs again; a quiet or draining one is not.
    const taking = workers.filter(
      ({ state, aliveAt }) => (state === 'running' || state === 'blocked') && at - aliveAt < deadAfterMs,
    );
    return countSlots(taking.map(({ id }) => this.#known.get(id) ?? []));
  }

  #entryOf(id: string): [string, readonly QueueSlots[]][] {
    const slots = this.#known.get(id);
    return slots === undefined ? [] : [[id, slots]];
  }
}

function countSlots(workers: readonly (readonly QueueSlots[])[]): FleetSlots {
  return {
    workersOf: (queues) => workers.filter((slots) => slots.some(({ name }) => queues.includes(name))).length,
    slotsOf: (queue) => {
      const places = workers.flat().filter(({ name }) => name === queue);
      return places.length === 0 ? undefined : places.reduce((sum, { slots }) => sum + slots, 0) / places.length;
    },
    needsOf: (queues) =>
      new Set(workers.flat().flatMap(({ name, needs = [] }) => (queues.includes(name) ? needs : []))),
  };
}
