import { createWorker } from 'bulwark';
import { flakyJob } from './flaky-job.js';

const [, , redis = '', concurrency] = process.argv;

const worker = createWorker({
  redis,
  jobs: [flakyJob],
  worker: { concurrency: Number(concurrency) },
  job: { keepCompletedCount: 1_000_000 },
});
process.once('disconnect', () => process.exit());
await worker.start();
process.send?.('ready');
