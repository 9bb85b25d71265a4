import { percentile } from '../figures.js';
import type { MeasuredRedis } from '../measured-redis.js';
import { type PeerProducer, startProducer, startWorker } from '../peer-process.js';
import type { Subject } from '../peers/subject.js';
import type { Sample } from './compare.js';

/** Lets a producer feed a worker, in two processes: `feed` enqueues and says how many jobs; the first time is to warm up, the second counts. */
export async function measureWaits(
  subject: Subject,
  concurrency: number,
  { url, gauge }: MeasuredRedis,
  feed: (producer: PeerProducer, part: 'warm-up' | 'measured') => Promise<number>,
): Promise<Sample<'p50Ms' | 'p99Ms' | 'jobsPerSecond'>> {
  await gauge.clear({ onDisk: false });
  const worker = await startWorker(subject, url, concurrency);
  const producer = await startProducer(subject, url);
  try {
    await feed(producer, 'warm-up');
    await gauge.untilLeft(subject, 0);
    await worker.ask({ ask: 'report' });

    const startedAt = performance.now();
    const accepted = await feed(producer, 'measured');
    const seconds = (performance.now() - startedAt) / 1_000;
    await gauge.untilLeft(subject, 0);
    const { waitsMicros } = await worker.ask({ ask: 'report' });
    return {
      figures: {
        p50Ms: percentile(waitsMicros, 0.5) / 1_000,
        p99Ms: percentile(waitsMicros, 0.99) / 1_000,
        jobsPerSecond: accepted / seconds,
      },
      lost: accepted - waitsMicros.length + (await gauge.aside(subject)),
    };
  } finally {
    await Promise.all([producer.end(), worker.end()]);
  }
}
