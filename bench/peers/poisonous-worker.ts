import { startWorker } from './bullmq.js';
import { handlePoisonous } from './poisonous.js';
import type { Recovery } from './subject.js';

/** A plain BullMQ worker among whose jobs one is poison. */
const [, , url = '', concurrency, recovery = '{}'] = process.argv;
await startWorker({
  url,
  concurrency: Number(concurrency),
  handle: handlePoisonous,
  recovery: JSON.parse(recovery) as Recovery,
});
process.stdout.write('ready\n');
