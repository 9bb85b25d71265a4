import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { queueName, type Subject } from './peers/subject.js';

interface Layout {
  readonly waiting: string;
  readonly active: string;
  /** Where jobs lie that neither wait, nor run, nor completed, by the command that counts them. */
  readonly others: readonly (readonly [command: 'zcard' | 'scard' | 'llen', key: string])[];
}

const bullmqLayout = (base: string): Layout => ({
  waiting: `${base}wait`,
  active: `${base}active`,
  others: ['delayed', 'prioritized', 'failed', 'waiting-children'].map((state) => ['zcard', base + state] as const),
});

const bulwark = bullmqLayout(`{bulwark:${queueName}}:${queueName}:`);
const layouts: Readonly<Record<Subject, Layout>> = {
  bulwark: { ...bulwark, others: [...bulwark.others, ['zcard', `{bulwark:${queueName}}:${queueName}.dead:failed`]] },
  bullmq: bullmqLayout(`bull:${queueName}:`),
  'bee-queue': {
    waiting: `bq:${queueName}:waiting`,
    active: `bq:${queueName}:active`,
    others: [
      ['zcard', `bq:${queueName}:delayed`],
      ['scard', `bq:${queueName}:failed`],
    ],
  },
};

/** How long to wait until the next look at the least, and at the most. */
const shortestPauseMs = 2;
const longestPauseMs = 200;
/** After so long without any progress a run is broken. */
const patienceMs = 20_000;

/** Counts the jobs of the measured queue in Redis, whoever's it is. */
export class QueueGauge {
  readonly #client: Redis;

  constructor(url: string) {
    this.#client = new Redis(url, { lazyConnect: true });
  }

  async connect(): Promise<void> {
    await this.#client.connect();
  }

  /** Empties the server. From then on it keeps every write in a file that begins empty, or keeps none. */
  async clear({ onDisk }: { readonly onDisk: boolean }): Promise<void> {
    await this.#client.flushall();
    await this.#client.config('SET', 'appendonly', 'no');
    if (!onDisk) return;
    await this.#client.config('SET', 'appendonly', 'yes');
    while (/aof_rewrite_(in_progress|scheduled):1/.test(await this.#client.info('persistence'))) await wait(50);
  }

  /** The ids of the jobs that wait. */
  waitingIds(subject: Subject): Promise<string[]> {
    return this.#client.lrange(layouts[subject].waiting, 0, -1);
  }

  /** How many jobs wait or run. */
  async left(subject: Subject): Promise<number> {
    const { waiting, active } = layouts[subject];
    const [waits, runs] = await Promise.all([this.#client.llen(waiting), this.#client.llen(active)]);
    return waits + runs;
  }

  /** Resolves as soon as so many jobs run; rejects when they do not. */
  async untilRunning(subject: Subject, number: number): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while ((await this.#client.llen(layouts[subject].active)) < number) {
      if (performance.now() > deadline) throw new Error(`${subject}: not all of ${number} jobs run`);
      await wait(shortestPauseMs);
    }
  }

  /** How many jobs are set aside: delayed, failed, dead-lettered. A measured job never is. */
  async aside(subject: Subject): Promise<number> {
    const counts = await Promise.all(layouts[subject].others.map(([command, key]) => this.#client[command](key)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Resolves with the number of jobs that wait or run, as soon as it is so small; rejects when nothing moves.
   *
   * It waits for half of the time that the rest takes at the pace so far, and for a quarter of the time that has passed at most, so that it looks
   * often only near the end: on a machine with two cores each look takes one of them from Redis or from the worker for a moment, and whoever
   * keeps both busy would pay most for it.
   */
  async untilLeft(subject: Subject, most: number): Promise<number> {
    const startedAt = performance.now();
    const first = await this.left(subject);
    let [left, lowest, movedAt] = [first, first, startedAt];
    while (left > most) {
      const now = performance.now();
      if (left < lowest) [lowest, movedAt] = [left, now];
      if (now - movedAt > patienceMs) throw new Error(`${subject}: ${left} jobs are left and nothing moves`);
      const untilEndMs = first > left ? ((left - most) / (first - left)) * (now - startedAt) : 0;
      const pauseMs = Math.min(untilEndMs / 2, (now - startedAt) / 4, longestPauseMs);
      await wait(Math.max(pauseMs, shortestPauseMs));
      left = await this.left(subject);
    }
    return left;
  }

  /** Time and calls of every command since `resetCommands`, those inside scripts too. */
  async commands(): Promise<readonly CommandFigures[]> {
    const info = await this.#client.info('commandstats');
    return [...info.matchAll(/^cmdstat_(\S+?):calls=(\d+),usec=(\d+)/gm)].map(([, command = '', calls, micros]) => ({
      command,
      calls: Number(calls),
      micros: Number(micros),
    }));
  }

  async resetCommands(): Promise<void> {
    await this.#client.config('RESETSTAT');
  }

  close(): void {
    this.#client.disconnect();
  }
}

export interface CommandFigures {
  readonly command: string;
  readonly calls: number;
  readonly micros: number;
}
