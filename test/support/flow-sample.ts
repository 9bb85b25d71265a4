import type { FlowSample } from '../../src/flow/queue-flow.js';
import type { QueueSample } from '../../src/transport/view-scripts.js';

const emptyQueue: FlowSample = {
  added: 0,
  waiting: 0,
  prioritized: 0,
  active: 0,
  delayed: 0,
  'waiting-children': 0,
  dueSoon: 0,
  awaitingSlots: 0,
  paused: false,
  oldestReadyAt: undefined,
};

/** What is seen of an empty queue, but for what a test says. */
export function flowSample(seen: Partial<FlowSample> = {}): FlowSample {
  return { ...emptyQueue, ...seen };
}

/** The same with what has ended. */
export function queueSample(seen: Partial<QueueSample> = {}): QueueSample {
  return { ...emptyQueue, completed: 0, failed: 0, dead_lettered: 0, overdueMs: 0, ...seen };
}
