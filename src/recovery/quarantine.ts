import type { Logger } from 'pino';
import { errorMessage } from '../errors/error-message.js';
import type { Clock } from '../time/clock.js';
import type { QueueInspector } from '../transport/queue-inspector.js';
import { decideLanes, type WaitingSuspect } from './decide-lanes.js';
import type { FleetStore } from './fleet-store.js';
import type { WorkerBeat } from './worker-beat.js';

export interface QuarantineOptions {
  readonly fleet: Pick<FleetStore, 'order'>;
  readonly inspector: Pick<QueueInspector, 'suspects'>;
  readonly queues: () => Promise<Iterable<string>>;
  /** The last beats of all workers that live. */
  readonly living: () => readonly WorkerBeat[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** A suspect that was given to a worker and still waits after so long is given to another: an order may be lost with its worker. */
const patienceMs = 10_000;
/** A worker that was given a suspect tells that its lane is busy by then. */
const laneTellsMs = 4_000;
const suspectsPerQueue = 100;

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
    const { fleet, living, clock, log } = this.#options;
    const now = clock.elapsed();
    forget(this.#suspectGivenAt, now - patienceMs);
    forget(this.#laneGivenAt, now - laneTellsMs);
    const { suspects, failures } = await this.#waiting();
    const workers = living();
    // From then on its beats say it all.
    for (const { id, lane } of workers) if (lane === 'busy') this.#laneGivenAt.delete(id);
    const free = workers.filter(({ id }) => !this.#laneGivenAt.has(id));
    for (const { worker, queue, jobId, kind } of decideLanes(suspects, free)) {
      this.#suspectGivenAt.set(`${queue}\n${jobId}`, now);
      this.#laneGivenAt.set(worker, now);
      const reply = await fleet.order(worker, { kind: 'isolate', queue, jobId });
      if (reply === 'given') log.warn({ worker, queue, jobId, kind }, 'job.isolated');
    }
    if (failures.length > 0) throw failures[0];
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
