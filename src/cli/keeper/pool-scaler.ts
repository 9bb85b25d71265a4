import type { Logger } from 'pino';
import type { ScaleStore } from '../../scaling/scale-store.js';
import { PeriodicService } from '../../service/periodic-service.js';
import type { Service } from '../../service/service.js';
import { decideProcesses, type ProcessBounds } from './decide-processes.js';
import type { Keeper } from './keeper.js';

export interface PoolScalerOptions {
  readonly keeper: Pick<Keeper, 'wanted' | 'resize' | 'reports'>;
  readonly store: Pick<ScaleStore, 'records'>;
  readonly bounds: ProcessBounds;
  readonly log: Logger;
}

/** The leader decides as often. */
const lookMs = 1_000;

/** Lets a keeper run as many workers as the leader wants. While Redis is away, or nobody leads, it keeps what it has. */
export class PoolScaler implements Service {
  readonly #options: PoolScalerOptions;
  readonly #service: PeriodicService;

  constructor(options: PoolScalerOptions) {
    this.#options = options;
    this.#service = new PeriodicService({
      name: 'pool-scaler',
      intervalMs: lookMs,
      run: () => this.look(),
      log: options.log,
    });
  }

  start(): void {
    this.#service.start();
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  async look(): Promise<void> {
    const { keeper, store, bounds, log } = this.#options;
    const records = [...(await store.records()).values()];
    const queues = new Set(keeper.reports.workers.flatMap((report) => report?.kinds.map(({ queue }) => queue) ?? []));
    const from = keeper.wanted;
    const to = decideProcesses(records, [...queues], from, bounds);
    if (to === from) return;
    const [most] = records.sort((a, b) => b.desired - a.desired);
    log.info({ from, to, group: most?.group, desired: most?.desired, why: most?.why }, 'pool.scaling');
    keeper.resize(to);
  }
}
