import { type Criticality, criticalities } from '../job/criticality.js';

/** The jobs of one queue that a breaker has set aside. */
export interface ParkedInQueue {
  readonly queue: string;
  readonly criticality: Criticality;
  readonly parked: number;
}

/**
 * Says how many jobs come back to each queue when so many may in all: first to the queues that matter more, and to those that matter the same
 * by how many wait there. Pure.
 *
 * @returns only queues to which some come back.
 */
export function shareAmongQueues(most: number, queues: readonly ParkedInQueue[]): Map<string, number> {
  const shares = new Map<string, number>();
  let left = most;
  for (const criticality of criticalities) {
    const alike = queues.filter((queue) => queue.criticality === criticality && queue.parked > 0);
    let waiting = alike.reduce((sum, { parked }) => sum + parked, 0);
    // Each takes its part of what those before it have left, so nothing is lost to rounding.
    for (const { queue, parked } of alike) {
      const share = Math.min(parked, Math.ceil((left * parked) / waiting), left);
      waiting -= parked;
      left -= share;
      if (share > 0) shares.set(queue, share);
    }
  }
  return shares;
}
