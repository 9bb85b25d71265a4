import { hostname } from 'node:os';
import type { RunningJobBeat, WorkerBeat } from '../recovery/worker-beat.js';
import { bulwarkVersion } from '../telemetry/version.js';
import type { QueueConsumer } from '../transport/queue-consumer.js';

/** What a worker knows of itself. */
export interface WorkerSelf extends Pick<WorkerBeat, 'id' | 'startedAt' | 'state' | 'kinds'> {
  readonly connection: WorkerBeat['connection'] | undefined;
  readonly consumers: readonly QueueConsumer[];
  /** How many jobs of one queue it runs at once, as it is configured. */
  readonly slots: number;
  /** What jobs of each queue cannot do without; a queue that needs nothing may be missing. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
  readonly lane: WorkerBeat['lane'] | undefined;
  readonly suspect: WorkerBeat['suspect'] | undefined;
}

const runningShown = 50;
const progressCharacters = 200;

/** What a worker tells of itself with a beat, but for what the heartbeat measures. */
export function describeWorker(self: WorkerSelf): Omit<WorkerBeat, 'rssBytes' | 'loopDelayMs'> {
  const { id, startedAt, connection, state, kinds, consumers, slots, needs, lane, suspect } = self;
  return {
    id,
    host: hostname(),
    pid: process.pid,
    version: bulwarkVersion,
    startedAt,
    ...(connection !== undefined && { connection }),
    state,
    kinds,
    queues: consumers.map(({ queue, usable, busy, lastFetchMs }) => ({
      name: queue,
      slots,
      busy,
      ...(usable !== slots && { usable }),
      ...(needs.has(queue) && { needs: needs.get(queue) ?? [] }),
      lastFetchMs,
    })),
    running: describeRunning(consumers),
    ...(lane !== undefined && { lane }),
    ...(suspect !== undefined && { suspect }),
  };
}

/** The longest first. */
function describeRunning(consumers: readonly QueueConsumer[]): RunningJobBeat[] {
  return consumers
    .flatMap(({ queue, running }) =>
      [...running].map(({ job, progress }) => ({
        id: job.id,
        queue,
        kind: job.kind,
        startedAt: job.startedAt,
        ...(progress !== undefined && { progress: shortProgress(progress) }),
      })),
    )
    .sort((a, b) => a.startedAt - b.startedAt)
    .slice(0, runningShown);
}

function shortProgress(progress: number | object): number | string {
  return typeof progress === 'number' ? progress : JSON.stringify(progress).slice(0, progressCharacters);
}
