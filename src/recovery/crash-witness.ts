import type { CrashRecord } from './crash-record.js';
import type { CrashStore } from './crash-store.js';
import type { FleetStore } from './fleet-store.js';
import type { WorkerBeat } from './worker-beat.js';

/** What is known of a worker that was lost. */
export interface Testimony {
  /** What it told of itself last. */
  readonly beat: WorkerBeat | undefined;
  /** How its process ended, if anybody saw it. */
  readonly record: CrashRecord | undefined;
}

/** Asks what is known of lost workers; once for all jobs of one. */
export class CrashWitness {
  readonly #fleet: Pick<FleetStore, 'beatOf'>;
  readonly #crashes: Pick<CrashStore, 'read'>;
  readonly #heard = new Map<string, Promise<Testimony>>();

  constructor(fleet: Pick<FleetStore, 'beatOf'>, crashes: Pick<CrashStore, 'read'>) {
    this.#fleet = fleet;
    this.#crashes = crashes;
  }

  testimonyOn(worker: string): Promise<Testimony> {
    const heard = this.#heard.get(worker) ?? this.#ask(worker);
    this.#heard.set(worker, heard);
    return heard;
  }

  async #ask(worker: string): Promise<Testimony> {
    const [beat, record] = await Promise.all([this.#fleet.beatOf(worker), this.#crashes.read(worker)]);
    return { beat, record };
  }
}
