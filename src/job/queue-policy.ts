import { type Criticality, criticalities } from './criticality.js';
import { defaultGroup, type QueueDefinition } from './define-queue.js';

/** What the whole fleet knows of a queue, as it is stored. */
export interface QueuePolicy {
  readonly criticality: Criticality;
  readonly sloMs: number;
  /** The group of workers that serves it. */
  readonly group: string;
  /** How many jobs may wait; any number when it does not say. */
  readonly maxWaiting?: number;
}

/** A policy as it is stored; `parseQueuePolicy` reads it. */
export function encodeQueuePolicy(queue: QueueDefinition): string {
  const { criticality, sloMs, group, maxWaiting } = queue;
  return JSON.stringify({ criticality, sloMs, group, ...(maxWaiting && { maxWaiting }) } satisfies QueuePolicy);
}

/** Reads a stored policy; one that cannot be read counts as the default. */
export function parseQueuePolicy(json: string): QueuePolicy {
  try {
    const { criticality, sloMs, group, maxWaiting } = JSON.parse(json) as Partial<QueuePolicy>;
    if (criticality !== undefined && criticalities.includes(criticality) && typeof sloMs === 'number') {
      // Processes of an older version say nothing of a group.
      return {
        criticality,
        sloMs,
        group: typeof group === 'string' ? group : defaultGroup,
        ...(typeof maxWaiting === 'number' && { maxWaiting }),
      };
    }
  } catch {
    // Not JSON: somebody else wrote it, and the default below is the careful answer.
  }
  return { criticality: 'sheddable_plus', sloMs: 300_000, group: defaultGroup };
}
