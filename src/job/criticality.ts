/**
 * How much a queue's work matters when not all of it can be done, most important first. A class gives way only after
 * every class behind it has.
 */
export const criticalities = ['critical_plus', 'critical', 'sheddable_plus', 'sheddable'] as const;

/** One of the four classes of importance, see `criticalities`. */
export type Criticality = (typeof criticalities)[number];
