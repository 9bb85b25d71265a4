/**
 * Why work gives way. `overload`: more arrives than can be done in time. `pressure`: Redis or the event loops of the workers are slow.
 * `memory`: the memory of Redis runs short. `operator`: somebody ordered it.
 */
export const shedReasons = ['overload', 'pressure', 'memory', 'operator'] as const;

export type ShedReason = (typeof shedReasons)[number];
