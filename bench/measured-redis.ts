import { withPrivateRedis } from './private-redis.js';
import { readProcess } from './process-figures.js';
import { QueueGauge } from './queue-gauge.js';

/** A private Redis with one measured queue in it. */
export interface MeasuredRedis {
  readonly url: string;
  readonly gauge: QueueGauge;
  /** What the server has used so far. */
  cpuSeconds(): number;
}

/** The append-only file is rewritten between two runs and never within one: `QueueGauge.clear` sees to it. */
const directives = { appendonly: 'no', 'auto-aof-rewrite-percentage': '0' };

/** Runs something with such a Redis. */
export function withMeasuredRedis<T>(run: (redis: MeasuredRedis) => Promise<T>): Promise<T> {
  return withPrivateRedis(async ({ url, pid }) => {
    const gauge = new QueueGauge(url);
    await gauge.connect();
    try {
      return await run({ url, gauge, cpuSeconds: () => readProcess(pid).cpuSeconds });
    } finally {
      gauge.close();
    }
  }, directives);
}
