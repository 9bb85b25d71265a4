import { Writable } from 'node:stream';
import { createWorker } from 'bulwark';
import { pino } from 'pino';
import { defineCallingJobs } from './calling-jobs.js';

/** What a worker tells when its own breaker goes to another phase. */
export interface OwnBreakerEvent {
  readonly event: 'own-turned';
  /** What calls find: `free`, `rationed`, `probe` or `shut`. */
  readonly door: string;
  /** In ms since the epoch. */
  readonly at: number;
}

const [, , redis = '', concurrency, url = ''] = process.argv;

/** Passes on what the log says of the worker's own breaker. */
const log = pino(
  new Writable({
    write(line, _encoding, done) {
      const { msg, door } = JSON.parse(String(line)) as { readonly msg: string; readonly door: string };
      if (msg === 'breaker.own_turned')
        process.send?.({ event: 'own-turned', door, at: Date.now() } satisfies OwnBreakerEvent);
      done();
    },
  }),
);
const worker = createWorker({
  redis,
  jobs: Object.values(defineCallingJobs(url)),
  worker: { concurrency: Number(concurrency) },
  job: { keepCompletedCount: 1_000_000 },
  log,
});
process.once('disconnect', () => process.exit());
await worker.start();
process.send?.('ready');
