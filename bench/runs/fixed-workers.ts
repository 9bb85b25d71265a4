import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { startProgram } from './programs.js';

const queueName = 'rush';
const base = `bull:${queueName}:`;

/** What a fixed number of plain BullMQ workers made of a load. */
export interface FixedFigures {
  /** From enqueue to start, of all jobs. */
  readonly waitsMs: readonly number[];
  readonly mostWaiting: number;
  /** Neither completed nor there. */
  readonly lost: number;
}

/** As many processes of plain BullMQ as it was given: it has nothing that starts more of them, or stops any. */
export class FixedWorkers {
  readonly #client: Redis;
  readonly #queue: Queue;
  readonly #programs: readonly ChildProcess[];
  readonly #ids: string[] = [];
  #mostWaiting = 0;

  private constructor(url: string, programs: readonly ChildProcess[]) {
    this.#client = new Redis(url, { maxRetriesPerRequest: null });
    this.#queue = new Queue(queueName, { connection: this.#client });
    this.#programs = programs;
  }

  static async start(url: string, processes: number, slots: number): Promise<FixedWorkers> {
    const args = [queueName, url, String(slots)];
    const programs = await Promise.all(
      Array.from({ length: processes }, () => startProgram('scale-bullmq-worker', args)),
    );
    return new FixedWorkers(url, programs);
  }

  async enqueue(count: number, ms: number): Promise<void> {
    const added = await this.#queue.addBulk(Array.from({ length: count }, () => ({ name: 'hold-slot', data: { ms } })));
    this.#ids.push(...added.map(({ id }) => id ?? ''));
    this.#mostWaiting = Math.max(this.#mostWaiting, await this.#client.llen(`${base}wait`));
  }

  /** Waits until all is done, or for so long, and says how it went. */
  async figures(patienceMs: number): Promise<FixedFigures> {
    const until = performance.now() + patienceMs;
    const completed = () => this.#client.zcard(`${base}completed`);
    while ((await completed()) < this.#ids.length && performance.now() < until) await sleep(250);
    const fields = await Promise.all(
      this.#ids.map((id) => this.#client.hmget(base + id, 'timestamp', 'processedOn', 'finishedOn')),
    );
    const begun = fields.filter(([, processedOn]) => processedOn !== null);
    return {
      waitsMs: begun.map(([timestamp, processedOn]) => Number(processedOn) - Number(timestamp)),
      mostWaiting: this.#mostWaiting,
      lost: fields.filter(([timestamp]) => timestamp === null).length,
    };
  }

  async end(): Promise<void> {
    for (const program of this.#programs) program.disconnect();
    await this.#queue.close();
    this.#client.disconnect();
  }
}
