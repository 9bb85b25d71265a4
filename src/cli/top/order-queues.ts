import { criticalities } from '../../job/criticality.js';
import type { TopQueue } from './picture.js';
import { sloStates } from './slo-state.js';
import type { QueueOrder } from './view-state.js';

/** The queues whose names hold a text, in an order; equal ones stand by class and name, so that rows do not dance. Pure. */
export function orderQueues(queues: readonly TopQueue[], order: QueueOrder, filter: string): TopQueue[] {
  const wanted = filter.toLowerCase();
  return queues
    .filter(({ queue }) => queue.toLowerCase().includes(wanted))
    .sort((one, other) => comparisons[order](one, other) || byClass(one, other) || byName(one, other));
}

const comparisons: Readonly<Record<QueueOrder, (one: TopQueue, other: TopQueue) => number>> = {
  urgent: (one, other) => sloStates.indexOf(urgencyOf(one)) - sloStates.indexOf(urgencyOf(other)),
  name: (one, other) => byName(one, other),
  waiting: (one, other) => waitingIn(other) - waitingIn(one),
  rate: (one, other) => (other.rates?.outPerSecond ?? 0) - (one.rates?.outPerSecond ?? 0),
};

/** A queue that is in time stands beside one that is idle: it goes from one to the other all the time. */
function urgencyOf({ slo }: TopQueue) {
  return slo === 'idle' ? 'in_time' : slo;
}

/** All jobs that could run now. */
export function waitingIn({ jobs }: TopQueue): number {
  return jobs.waiting + jobs.prioritized;
}

function byClass(one: TopQueue, other: TopQueue): number {
  return criticalities.indexOf(one.criticality) - criticalities.indexOf(other.criticality);
}

function byName(one: TopQueue, other: TopQueue): number {
  return one.queue < other.queue ? -1 : 1;
}
