import { type Criticality, criticalities } from './criticality.js';
import type { QueueDefinition } from './define-queue.js';

/** What the whole fleet knows of a queue, as it is stored. */
export interface QueuePolicy {
  readonly criticality: Criticality;
  readonly sloMs: number;
}

export function encodeQueuePolicy(queue: QueueDefinition): string {
  return JSON.stringify({ criticality: queue.criticality, sloMs: queue.sloMs } satisfies QueuePolicy);
}

/** Reads a stored policy; one that cannot be read counts as the default. */
export function parseQueuePolicy(json: string): QueuePolicy {
  try {
    const { criticality, sloMs } = JSON.parse(json) as Partial<QueuePolicy>;
    if (criticality !== undefined && criticalities.includes(criticality) && typeof sloMs === 'number') {
      return { criticality, sloMs };
    }
  } catch {
    // Not JSON: somebody else wrote it, and the default below is the careful answer.
  }
  return { criticality: 'sheddable_plus', sloMs: 300_000 };
}
