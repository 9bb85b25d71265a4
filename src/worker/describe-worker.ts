import type { RunningJobBeat } from '../recovery/worker-beat.js';
import type { QueueConsumer } from '../transport/queue-consumer.js';

const runningShown = 50;
const progressCharacters = 200;

/** What runs in some consumers, the longest first, as a beat tells of it. */
export function describeRunning(consumers: readonly QueueConsumer[]): RunningJobBeat[] {
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
