import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgramEvent } from '../runs/programs.js';
import { firstNumber, micros, type Order } from './order.js';
import { loadSubject, type Recovery, type Subject } from './subject.js';

/** What a worker tells of its jobs: which, and when by `micros`. */
export interface JobEvent extends ProgramEvent {
  readonly at: number;
}

const shortestMs = 50;
const longestMs = 500;

/** Jobs take 50 to 500 ms, each the same time whenever and wherever it runs. */
function durationMs(number: number): number {
  return shortestMs + ((number * 7_919) % (longestMs - shortestMs + 1));
}

const [, , subject, url = '', concurrency, recovery] = process.argv;

async function handle({ number: counted }: Order): Promise<void> {
  const number = counted - firstNumber;
  const tell = (event: JobEvent['event']) => process.send?.({ event, number, at: micros() } satisfies JobEvent);
  tell('started');
  await sleep(durationMs(number));
  tell('ended');
}

const { startWorker } = await loadSubject(subject as Subject);
await startWorker({
  url,
  concurrency: Number(concurrency),
  handle,
  ...(recovery !== undefined && { recovery: JSON.parse(recovery) as Recovery }),
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
