import type { Hold } from './decide-hold.js';
import type { QueueNeed, ScaleReason } from './decide-replicas.js';
import type { SteadyReplicas } from './decide-steady.js';
import { isCount, parsedObject, type RuleInForce } from './scale-rule.js';

/** How many workers a group wants, and why: what the leader publishes every second. It is held while something speaks against more. */
export interface ScaleRecord extends Partial<Hold> {
  readonly group: string;
  readonly desired: number;
  /** `stabilizing`: it needs fewer by now, and waits whether that lasts. `operator`: somebody set it. */
  readonly why: ScaleReason | 'stabilizing' | 'operator';
  /** When it was decided, by the leader's wall clock. */
  readonly at: number;
  /** How many workers take its jobs. */
  readonly current: number;
  /** How many it needs at this moment, before it was steadied and an operator's rule was applied. */
  readonly needed: number;
  readonly steady: SteadyReplicas;
  readonly rule: RuleInForce | null;
  /** What it was reckoned from. */
  readonly queues: readonly QueueNeed[];
}

/** Reads a stored record; undefined for what is none. */
export function parseScaleRecord(json: string): ScaleRecord | undefined {
  const record = parsedObject(json);
  const { group, desired, steady, held, heldSince, heldAtMost, queues } = record;
  if (typeof group !== 'string' || !isCount(desired) || !Array.isArray(queues)) return undefined;
  if (!isCount((Object(steady) as Partial<SteadyReplicas>).desired)) return undefined;
  if ([held, heldSince, heldAtMost].some((count) => count !== undefined && !isCount(count))) return undefined;
  return record as unknown as ScaleRecord;
}
