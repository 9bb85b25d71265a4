import { Gauge, type Registry, type RegistryContentType } from 'prom-client';
import { metricTable } from './metric-table.js';

export interface BullmqAliasOptions {
  /** What the dead-letter queue of a queue is called: to BullMQ it is a queue of its own, and the letters its failed jobs. */
  readonly deadLetterQueue: (queue: string) => string;
}

/**
 * Exports `bulwark_queue_jobs` once more, under the name and with the labels of BullMQ's own `exportPrometheusMetrics`, so that dashboards
 * made for plain BullMQ go on showing something. They are counted at the scrape: nothing is kept twice.
 */
export function exportBullmqAlias(
  registry: Registry<RegistryContentType>,
  { deadLetterQueue }: BullmqAliasOptions,
): void {
  const counted = registry.getSingleMetric(metricTable.queueJobs.name) as Gauge | undefined;
  if (counted === undefined) return;
  new Gauge({
    name: 'bullmq_job_count',
    help: 'Number of jobs in the queue by state',
    labelNames: ['queue', 'state'],
    registers: [registry as Registry],
    async collect() {
      this.reset();
      for (const { labels, value } of (await counted.get()).values) {
        const { queue = '', state = '' } = labels;
        if (state === 'dead_lettered') this.set({ queue: deadLetterQueue(String(queue)), state: 'failed' }, value);
        else this.set({ queue, state }, value);
      }
    },
  });
}
