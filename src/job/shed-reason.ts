/**
 * Why work gives way. `overload`: more arrives than can be done in time. `pressure`: Redis or the event loops of the workers are slow.
 * `memory`: the memory of Redis runs short. `operator`: somebody ordered it. `queue_full`: as many jobs wait as its queue may
 * hold.
 */
export const shedReasons = ['overload', 'pressure', 'memory', 'operator', 'queue_full'] as const;

export type ShedReason = (typeof shedReasons)[number];
