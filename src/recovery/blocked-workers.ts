import type { Logger } from 'pino';
import type { FleetStore } from './fleet-store.js';

/** So many workers that are newly blocked are asked at once for what they run. */
const mostTold = 100;

/** The workers whose event loop is held up: says once of each which job does it. */
export class BlockedWorkers {
  readonly #fleet: Pick<FleetStore, 'beatsOf'>;
  readonly #log: Logger;
  /** Those that were told of, and are blocked since. */
  #told: ReadonlySet<string> = new Set();

  constructor(fleet: Pick<FleetStore, 'beatsOf'>, log: Logger) {
    this.#fleet = fleet;
    this.#log = log;
  }

  /** Takes those that are blocked now. */
  async tell(blocked: readonly string[]): Promise<void> {
    const untold = blocked.filter((id) => !this.#told.has(id));
    for (const { id, blockedMs, running } of await this.#fleet.beatsOf(untold.slice(0, mostTold))) {
      this.#log.warn({ worker: id, blockedMs, running }, 'worker.blocked');
    }
    const left = new Set(untold.slice(mostTold));
    this.#told = new Set(blocked.filter((id) => !left.has(id)));
  }
}
