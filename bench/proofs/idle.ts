import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type MeasuredProcess, startNode } from '../children.js';
import { withPrivateRedis } from '../private-redis.js';
import { readProcess } from '../process-figures.js';
import type { Proof, ProofResult } from '../proof.js';
import { RedisMeter } from '../redis-meter.js';

const cli = fileURLToPath(new URL('../../../bin/bulwark.mjs', import.meta.url));
const peer = fileURLToPath(new URL('../peers/bullmq-idle-worker.js', import.meta.url));
/** Long enough to hold every timer of both at least once: the slowest, BullMQ's stalled check, comes twice a minute. */
const windowMs = 40_000;
const settleMs = 5_000;
const readyWithinMs = 20_000;
const queues = ['webhooks', 'documents'];
const mostRssBytes = 90 * 1024 * 1024;
const mostCommandsPerSecond = 4;

interface IdleFigures {
  readonly readyMs: number;
  readonly rssMiB: number;
  readonly commandsPerSecond: number;
  readonly cpuMsPerSecond: number;
}

/** What a worker costs that has nothing to do: the shipped kinds, the shipped settings, beside plain BullMQ on as many queues. */
export const idle: Proof = {
  name: 'idle',
  about: 'memory, processor time and Redis commands of one worker without work',
  run: (say) =>
    withPrivateRedis(async ({ url }): Promise<ProofResult> => {
      const meter = new RedisMeter(url);
      await meter.connect();
      say(`one idle Bulwark worker, ${windowMs / 1000} s …`);
      const bulwark = await measure(
        () => startNode(cli, ['worker', 'run', '--redis', url, '--http-port', '0'], { BULWARK_LOG_FORMAT: 'json' }),
        (line) => line.includes('worker.started'),
        meter,
      );
      say(`one idle plain BullMQ worker process, ${windowMs / 1000} s …`);
      const bullmq = await measure(
        () => startNode(peer, [url, ...queues]),
        (line) => line === 'ready',
        meter,
      );
      meter.close();
      return {
        proof: 'idle',
        bulwark: { ...bulwark },
        bullmq: { ...bullmq },
        ratio: {
          rssMiB: rounded(bulwark.rssMiB / bullmq.rssMiB),
          commandsPerSecond: rounded(bulwark.commandsPerSecond / bullmq.commandsPerSecond),
          cpuMsPerSecond: rounded(bulwark.cpuMsPerSecond / bullmq.cpuMsPerSecond),
        },
        lost: 0,
        bounds: {
          rssMiB: { limit: mostRssBytes / 1048576, held: bulwark.rssMiB * 1048576 < mostRssBytes },
          commandsPerSecond: {
            limit: mostCommandsPerSecond,
            held: bulwark.commandsPerSecond < mostCommandsPerSecond,
          },
        },
      };
    }),
};

async function measure(
  start: () => MeasuredProcess,
  isReady: (line: string) => boolean,
  meter: RedisMeter,
): Promise<IdleFigures> {
  const startedAt = performance.now();
  const worker = start();
  try {
    await worker.lineThat(isReady, readyWithinMs);
    const readyMs = performance.now() - startedAt;
    await wait(settleMs);
    const [before, commandsBefore, from] = [readProcess(worker.pid), await meter.commands(), performance.now()];
    await wait(windowMs);
    const [after, commandsAfter, to] = [readProcess(worker.pid), await meter.commands(), performance.now()];
    const seconds = (to - from) / 1000;
    return {
      readyMs: Math.round(readyMs),
      rssMiB: rounded(after.rssBytes / 1048576),
      commandsPerSecond: rounded((commandsAfter - commandsBefore) / seconds),
      cpuMsPerSecond: rounded(((after.cpuSeconds - before.cpuSeconds) * 1000) / seconds),
    };
  } finally {
    await worker.stop();
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
