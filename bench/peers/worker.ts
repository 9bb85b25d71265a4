import { answerProof } from './answering.js';
import { firstNumber, micros, never, type Order } from './order.js';
import { loadSubject, type Pace, type Subject } from './subject.js';

/** What a proof may ask a worker: to hold its jobs, to let them go, to tell what it ran since it was asked last. */
export interface WorkerQuestion {
  readonly ask: keyof WorkerAnswers;
}

export interface WorkerAnswers {
  readonly hold: 'done';
  readonly 'let-go': 'done';
  readonly report: WorkerReport;
}

export interface WorkerReport {
  /** How often the handler ran to its end for each job, by its number from 0: one byte a job, in base64. */
  readonly runs: string;
  /** From the moment when the producer meant to enqueue to the start of the handler, for jobs that say so. */
  readonly waitsMicros: readonly number[];
}

const mostJobs = 1_000_000;
const runs = new Uint8Array(mostJobs);
let highest = 0;
const waitsMicros: number[] = [];
let gate: Promise<void> | undefined;
let letGo = (): void => undefined;

/** The job itself does nothing but say that it ran. */
async function handle({ number, sentAt }: Order): Promise<void> {
  const startedAt = micros();
  if (gate !== undefined) await gate;
  const index = number - firstNumber;
  runs[index] = (runs[index] ?? 0) + 1;
  highest = Math.max(highest, index);
  if (sentAt > never) waitsMicros.push(startedAt - sentAt);
}

async function answer({ ask }: WorkerQuestion): Promise<unknown> {
  switch (ask) {
    case 'hold':
      gate = new Promise((resolve) => {
        letGo = resolve;
      });
      return;
    case 'let-go':
      gate = undefined;
      return letGo();
    case 'report': {
      const report: WorkerReport = {
        runs: Buffer.from(runs.buffer, 0, highest + 1).toString('base64'),
        waitsMicros: [...waitsMicros],
      };
      runs.fill(0, 0, highest + 1);
      waitsMicros.length = 0;
      highest = 0;
      return report;
    }
  }
}

const [, , subject, url = '', concurrency, pace] = process.argv;
const { startWorker } = await loadSubject(subject as Subject);
await startWorker({
  url,
  concurrency: Number(concurrency),
  handle,
  ...(pace !== undefined && { pace: JSON.parse(pace) as Pace }),
});
answerProof(answer);
