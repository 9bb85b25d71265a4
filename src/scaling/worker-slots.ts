import type { FleetView } from '../recovery/fleet-view.js';
import type { QueueSlots, WorkerBeat } from '../recovery/worker-beat.js';

/** The workers that take jobs, as far as scaling wants to know them. */
export interface FleetSlots {
  /** How many workers serve at least one of these queues; of those that were started by some moment, by their own wall clock, when one is given. */
  workersOf(queues: readonly string[], startedBy?: number): number;
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

/** What never changes for a worker. */
interface KnownWorker {
  readonly startedAt: number;
  /** Of one that runs a single suspect there are none. */
  readonly queues: readonly QueueSlots[];
}

/** The sweeps read the fleet as often. */
const readMs = 1_000;
/** More newcomers are asked at the next look. */
const newcomersPerLook = 200;

/**
 * Knows which slots the workers have, what their kinds need, and when they were started. None of it ever changes for a worker, so only newcomers are asked: the rest is in
 * what the leader reads of all workers anyway.
 */
export class WorkerSlots {
  readonly #options: WorkerSlotsOptions;
  /** By worker. */
  #known = new Map<string, KnownWorker>();

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
      for (const { id, startedAt, queues, suspect } of beats) {
        this.#known.set(id, { startedAt, queues: suspect === undefined ? queues : [] });
      }
    }
    // A blocked one is about to take jobs again; a quiet or draining one is not.
    const taking = workers.filter(
      ({ state, aliveAt }) => (state === 'running' || state === 'blocked') && at - aliveAt < deadAfterMs,
    );
    return countSlots(taking.map(({ id }) => this.#known.get(id)).filter((worker) => worker !== undefined));
  }

  #entryOf(id: string): [string, KnownWorker][] {
    const worker = this.#known.get(id);
    return worker === undefined ? [] : [[id, worker]];
  }
}

function countSlots(workers: readonly KnownWorker[]): FleetSlots {
  const all = workers.flatMap(({ queues }) => queues);
  return {
    workersOf: (queues, startedBy = Number.POSITIVE_INFINITY) =>
      workers.filter(
        (worker) => worker.startedAt <= startedBy && worker.queues.some(({ name }) => queues.includes(name)),
      ).length,
    slotsOf: (queue) => {
      const places = all.filter(({ name }) => name === queue);
      return places.length === 0 ? undefined : places.reduce((sum, { slots }) => sum + slots, 0) / places.length;
    },
    needsOf: (queues) => new Set(all.flatMap(({ name, needs = [] }) => (queues.includes(name) ? needs : []))),
  };
}
