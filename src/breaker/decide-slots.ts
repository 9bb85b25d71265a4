import type { Door } from './decide-door.js';

/** A kind of job, as far as it matters here. */
export interface KindDoors {
  /** Whether it has something to do while its dependencies are down. */
  readonly hasFallback: boolean;
  /** Of each dependency that it needs. */
  readonly doors: readonly Door['kind'][];
}

/**
 * Decides how many slots of a queue are used: none while every kind of it needs something that may not be called, because its jobs would
 * only be fetched to be set aside; one while the best that any of them can do is to probe. Pure.
 */
export function decideSlots(kinds: readonly KindDoors[], slots: number): number {
  const chances = kinds.map(chanceOf);
  if (chances.includes('runs')) return slots;
  return chances.includes('probes') ? Math.min(1, slots) : 0;
}

function chanceOf({ hasFallback, doors }: KindDoors): 'runs' | 'probes' | 'waits' {
  if (hasFallback || doors.every((door) => door === 'free' || door === 'rationed')) return 'runs';
  return doors.includes('shut') ? 'waits' : 'probes';
}
