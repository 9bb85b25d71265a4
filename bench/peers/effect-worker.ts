import { createWorker } from 'bulwark';
import { effectJob } from './effect-job.js';

const [, , redis = '', concurrency] = process.argv;

const worker = createWorker({
  redis,
  jobs: [effectJob],
  worker: { concurrency: Number(concurrency) },
  job: { keepCompletedCount: 1_000_000 },
});
process.once('disconnect', () => process.exit());
await worker.start();
process.send?.('ready');
