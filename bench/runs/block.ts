import { setTimeout as sleep } from 'node:timers/promises';
import { startProducer } from '../peer-process.js';
import type { Subject } from '../peers/subject.js';
import { type ProgramEvent, startProgram } from './programs.js';

/** One job that holds up the loop of its worker, and another worker that has nothing to do. */
export interface BlockPlan {
  readonly blockMs: number;
  /** How long a second run is waited for after the first has ended. */
  readonly patienceMs: number;
}

export interface Blocked {
  /** Starts of the job beyond the first. */
  readonly secondRuns: number;
  /** 1 when the job never ended. */
  readonly lost: number;
}

/** Runs one blocking job with two workers and counts how often it starts. */
export async function countSecondRuns(
  subject: Subject,
  { blockMs, patienceMs }: BlockPlan,
  url: string,
): Promise<Blocked> {
  const events: ProgramEvent[] = [];
  const supervisor = subject === 'bulwark' ? await startProgram('bulwark-supervisor', [url]) : undefined;
  const worker = () => startProgram('blocking-worker', [subject, url, String(blockMs)], (event) => events.push(event));
  const workers = [await worker()];
  const producer = await startProducer(subject, url);
  try {
    await producer.ask({ ask: 'enqueue', from: 0, count: 1, bytes: 1_024, batch: 1, lanes: 1 });
    workers.push(await worker());
    const count = (event: ProgramEvent['event']) => events.filter((each) => each.event === event).length;
    const deadline = Date.now() + 3 * blockMs + patienceMs;
    while (count('ended') === 0 && Date.now() < deadline) await sleep(100);
    await sleep(patienceMs);
    return { secondRuns: count('started') - 1, lost: count('ended') === 0 ? 1 : 0 };
  } finally {
    for (const process of [...workers, supervisor]) process?.kill('SIGKILL');
    await producer.end();
  }
}
