import type { Logger } from 'pino';
import { errorMessage } from '../errors/error-message.js';
import type { Clock } from '../time/clock.js';
import type { QueueInspector } from '../transport/queue-inspector.js';
import { decideLanes, type WaitingSuspect } from './decide-lanes.js';
import type { FleetStore } from './fleet-store.js';
import type { FleetView, SeenWorker } from './fleet-view.js';
import type { Leadership } from './leadership.js';
import type { WorkerBeat } from './worker-beat.js';

export interface QuarantineOptions {
  readonly fleet: Pick<FleetStore, 'order' | 'beatsOf'>;
  readonly view: Pick<FleetView, 'read'>;
  readonly inspector: Pick<QueueInspector, 'suspects'>;
  readonly queues: () => Promise<Iterable<string>>;
  readonly leadership: Leadership;
  /** Whether the process of a worker was found to be gone, although its last beat is fresh. */
  readonly isGone: (worker: string) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A suspect that was given to a worker and still waits after so long is given to another: an order may be lost with its worker. */
const patienceMs = 10_000;
/** A worker that was given a suspect tells that its lane is busy by then. */
const laneTellsMs = 4_000;
/** Whoever has not beaten for longer may be dead. */
const freshMs = 2_500;
/** The sweeps read the fleet as often. */
const readMs = 1_000;
const suspectsPerQueue = 100;
const lanesPerLook = 200;

/**
 * Finds a lane for each suspect: a worker that runs it alone, in a process of its own, so that no other job is there when it takes
 * the process down once more.
 */
export class Quarantine {
  readonly #options: QuarantineOptions;
  /** When suspects, and workers, were last given to each other. */
  readonly #suspectGivenAt = new Map<string, number>();
  readonly #laneGivenAt = new Map<string, number>();

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  /** Gives the suspects that wait to workers whose lanes are free. */
  async assign(): Promise<void> {
    const { fleet, view, leadership, clock, log } = this.#options;
    const epoch = leadership.term;
    if (epoch === undefined) return;
    const now = clock.elapsed();
    forget(this.#suspectGivenAt, now - patienceMs);
    forget(this.#laneGivenAt, now - laneTellsMs);
    const { suspects, failures } = await this.#waiting();
    const { workers } = await view.read(readMs);
    // From then on its beats say it all.
    for (const { id, lane } of workers) if (lane === 'busy') this.#laneGivenAt.delete(id);
    const free = suspects.length === 0 ? [] : await this.#free(workers, now);
    for (const { worker, queue, jobId, kind } of decideLanes(suspects, free)) {
      this.#suspectGivenAt.set(`${queue}\n${jobId}`, now);
      this.#laneGivenAt.set(worker, now);
      const reply = await fleet.order(worker, { kind: 'isolate', queue, jobId }, epoch);
      if (reply === 'deposed') leadership.deposed(epoch);
      if (reply === 'given') log.warn({ worker, queue, jobId, kind }, 'job.isolated');
    }
    if (failures.length > 0) throw failures[0];
  }

  /** The last beats of workers that live and whose lane is free. */
  async #free(workers: readonly SeenWorker[], now: number): Promise<WorkerBeat[]> {
    const free = workers.filter(
      ({ id, lane, aliveAt }) =>
        lane === 'free' && now - aliveAt < freshMs && !this.#laneGivenAt.has(id) && !this.#options.isGone(id),
    );
    return this.#options.fleet.beatsOf(free.slice(0, lanesPerLook).map(({ id }) => id));
  }

  async #waiting(): Promise<{ readonly suspects: WaitingSuspect[]; readonly failures: Error[] }> {
    const suspects: WaitingSuspect[] = [];
    const failures: Error[] = [];
    for (const queue of await this.#options.queues()) {
      try {
        for (const { id, kind } of await this.#options.inspector.suspects(queue, suspectsPerQueue)) {
          if (!this.#suspectGivenAt.has(`${queue}\n${id}`)) suspects.push({ queue, jobId: id, kind });
        }
      } catch (cause) {
        // One queue that cannot be read must not keep the suspects of the others waiting.
        failures.push(new Error(`the suspects of queue ${queue} cannot be read: ${errorMessage(cause)}`, { cause }));
      }
    }
    return { suspects, failures };
  }
}

function forget(times: Map<string, number>, before: number): void {
  for (const [key, at] of times) if (at <= before) times.delete(key);
}
