/** Where the oldest waiting job of a queue stands. `close`: it has waited for more than half of what it may. */
export const sloStates = ['late', 'close', 'in_time', 'idle'] as const;

export type SloState = (typeof sloStates)[number];

/** Pure. `oldestAgeMs` is null when no job waits. */
export function sloStateOf(oldestAgeMs: number | null, sloMs: number): SloState {
  if (oldestAgeMs === null) return 'idle';
  if (oldestAgeMs > sloMs) return 'late';
  return oldestAgeMs > sloMs / 2 ? 'close' : 'in_time';
}
