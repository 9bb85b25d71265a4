import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startWorker } from '../peer-process.js';
import { withPrivateRedis } from '../private-redis.js';

export interface IdleCommands {
  /** As Redis counts: those inside scripts too. */
  readonly commandsPerSecond: number;
  /** What goes over the wire. */
  readonly callsPerSecond: number;
}

const settleMs = 5_000;

/** Counts what one Bulwark worker with one queue and nothing to do asks of Redis. */
export function countIdleCommands(windowMs: number): Promise<IdleCommands> {
  return withPrivateRedis(async ({ url }) => {
    const client = new Redis(url);
    const monitor = await client.monitor();
    const worker = await startWorker('bulwark', url, 1);
    try {
      await sleep(settleMs);
      const seen = { commands: 0, calls: 0 };
      monitor.on('monitor', (_time: string, _words: string[], source: string) => {
        seen.commands += 1;
        if (source !== 'lua') seen.calls += 1;
      });
      const startedAt = performance.now();
      await sleep(windowMs);
      const seconds = (performance.now() - startedAt) / 1_000;
      return { commandsPerSecond: seen.commands / seconds, callsPerSecond: seen.calls / seconds };
    } finally {
      await worker.end();
      monitor.disconnect();
      client.disconnect();
    }
  });
}
