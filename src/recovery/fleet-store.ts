import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import { beatTtlMs, type WorkerBeat, type WorkerSighting } from './worker-beat.js';

/** The guard of a blocked worker beats by the same script. */
export const beatScript = defineScript({
  file: new URL('./lua/beat.lua', import.meta.url),
  keys: ['worker', 'workers'],
  args: ['id', 'beat', 'ttl', 'register'],
  reply: () => undefined,
});

const farewellScript = defineScript({
  file: new URL('./lua/farewell.lua', import.meta.url),
  keys: ['worker', 'workers'],
  args: ['id'],
  reply: () => undefined,
});

const fleetReadScript = defineScript({
  file: new URL('./lua/fleet-read.lua', import.meta.url),
  keys: ['workers'],
  args: ['prefix', 'ttl'],
  reply: (raw): WorkerSighting[] =>
    (raw as [string, string, number][]).map(([id, beat, ageMs]) => ({
      id,
      beat: parseBeat(beat),
      ageMs,
    })),
});

/** What cannot be read, written by somebody else, counts as no beat: the other workers are to be seen all the same. */
function parseBeat(json: string): WorkerBeat | undefined {
  try {
    const beat = JSON.parse(json || 'null') as Partial<WorkerBeat> | null;
    return typeof beat?.id === 'string' ? (beat as WorkerBeat) : undefined;
  } catch {
    return undefined;
  }
}

/** The list of workers in Redis. */
export class FleetStore {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
  }

  /** Writes a beat. `register` also puts the worker on the list: at start, and now and then in case Redis lost it. */
  async beat(beat: WorkerBeat, register: boolean): Promise<void> {
    await beatScript.run(
      this.#client,
      { worker: this.#keyspace.worker(beat.id), workers: this.#keyspace.workers },
      { id: beat.id, beat: JSON.stringify(beat), ttl: beatTtlMs, register: register ? 1 : 0 },
    );
  }

  async farewell(id: string): Promise<void> {
    const keys = { worker: this.#keyspace.worker(id), workers: this.#keyspace.workers };
    await farewellScript.run(this.#client, keys, { id });
  }

  async read(): Promise<WorkerSighting[]> {
    const args = { prefix: this.#keyspace.worker(''), ttl: beatTtlMs };
    return fleetReadScript.run(this.#client, { workers: this.#keyspace.workers }, args);
  }
}
