import { errorMessage } from '../errors/error-message.js';
import type { QueueFlows } from '../flow/queue-flows.js';
import type { QueuePolicy } from '../job/queue-policy.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Clock } from '../time/clock.js';
import type { QueueInspector } from '../transport/queue-inspector.js';

export interface QueueSamplerOptions {
  readonly inspector: QueueInspector;
  readonly queues: () => Promise<ReadonlyMap<string, QueuePolicy>>;
  /** Told of every sample. */
  readonly flows: QueueFlows;
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

  readonly #oldestAgeMs = new Map<string, number>();

  constructor(options: QueueSamplerOptions) {
    this.#options = options;
  }

  /** For how long the oldest job of a queue has waited, as it was last sampled. */
  oldestAgeMs(queue: string): number {
    return this.#oldestAgeMs.get(queue) ?? 0;
  }

  async sample(): Promise<void> {
    const failures: unknown[] = [];
    const queues = await this.#options.queues();
    this.#showPolicies(queues);
    for (const queue of queues.keys()) {
      // One queue that cannot be counted must not hide the others.
      await this.#sampleQueue(queue).catch((cause: unknown) => {
        failures.push(new Error(`queue ${queue} could not be counted: ${errorMessage(cause)}`, { cause }));
      });
    }
    if (failures.length > 0) throw failures[0];
  }

  /** A queue that has changed its class or group must not stand in two: rules that join by queue would fail. */
  #showPolicies(queues: ReadonlyMap<string, QueuePolicy>): void {
    const { queueSlo, queueGroup } = this.#options.metrics;
    queueSlo.clear();
    queueGroup.clear();
    for (const [queue, { criticality, sloMs, group }] of queues) {
      queueSlo.set({ queue, criticality }, sloMs / 1000);
      queueGroup.set({ queue, group }, 1);
    }
  }

  async #sampleQueue(queue: string): Promise<void> {
    const { inspector, flows, metrics, clock } = this.#options;
    const sample = await inspector.sample(queue);
    flows.observe(queue, sample, clock.elapsed());
    for (const state of states) metrics.queueJobs.set({ queue, state }, sample[state]);
    const ageMs = sample.oldestReadyAt === undefined ? 0 : clock.now() - sample.oldestReadyAt;
    this.#oldestAgeMs.set(queue, Math.max(0, ageMs));
    metrics.queueOldestJobAge.set({ queue }, Math.max(0, ageMs) / 1000);
    metrics.queueScheduleLag.set({ queue }, sample.overdueMs / 1000);
    metrics.queuePaused.set({ queue }, sample.paused ? 1 : 0);
  }

  /** Takes back what was told, and forgets what was seen, when somebody else leads. */
  clear(): void {
    const { flows, metrics } = this.#options;
    flows.clear();
    this.#oldestAgeMs.clear();
    metrics.queueJobs.clear();
    metrics.queueSlo.clear();
    metrics.queueGroup.clear();
    metrics.queueOldestJobAge.clear();
    metrics.queueScheduleLag.clear();
    metrics.queuePaused.clear();
    metrics.workers.clear();
  }
}
