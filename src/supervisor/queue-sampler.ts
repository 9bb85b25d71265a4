import type { Metrics } from '../telemetry/metrics.js';
import type { Clock } from '../time/clock.js';
import type { QueueInspector } from '../transport/queue-inspector.js';

export interface QueueSamplerOptions {
  readonly inspector: QueueInspector;
  readonly queues: () => Promise<Iterable<string>>;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

const states = [
  'waiting',
  'prioritized',
  'delayed',
  'active',
  'completed',
  'failed',
  'waiting-children',
  'dead_lettered',
] as const;

/** Counts every queue in every state and says how long its oldest job has waited: the leader's view, told once for the fleet. */
export class QueueSampler {
  readonly #options: QueueSamplerOptions;

  constructor(options: QueueSamplerOptions) {
    this.#options = options;
  }

  async sample(): Promise<void> {
    const { inspector, queues, metrics, clock } = this.#options;
    for (const queue of await queues()) {
      const sample = await inspector.sample(queue);
      for (const state of states) metrics.queueJobs.set({ queue, state }, sample[state]);
      const ageMs = sample.oldestEnqueuedAt === undefined ? 0 : clock.now() - sample.oldestEnqueuedAt;
      metrics.queueOldestJobAge.set({ queue }, Math.max(0, ageMs) / 1000);
      metrics.queuePaused.set({ queue }, sample.paused ? 1 : 0);
    }
  }

  /** Takes back what was told, when somebody else leads and tells it. */
  clear(): void {
    const { metrics } = this.#options;
    metrics.queueJobs.clear();
    metrics.queueOldestJobAge.clear();
    metrics.queuePaused.clear();
    metrics.workers.clear();
  }
}
