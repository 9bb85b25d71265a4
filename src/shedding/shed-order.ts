import { type Criticality, criticalities } from '../job/criticality.js';

/** The classes that an operator may have shed; the first is never. */
export const shedTargets = ['none', 'sheddable', 'sheddable_plus', 'critical'] as const;

/** `none`: nothing is shed, whatever the controller finds. Else that class gives way, and every one behind it. */
export type ShedTarget = (typeof shedTargets)[number];

/** What an operator wants, until it expires in Redis. Memory has a will of its own: what it refuses stays refused. */
export interface ShedOrder {
  readonly target: ShedTarget;
  readonly by: string;
  readonly why: string;
}

/** Reads an order; undefined when there is none or it cannot be read. */
export function parseOrder(json: string | null): ShedOrder | undefined {
  if (!json) return undefined;
  try {
    const { target, by, why } = Object(JSON.parse(json)) as Partial<Record<keyof ShedOrder, unknown>>;
    const known = shedTargets.find((each) => each === target);
    return known && { target: known, by: String(by ?? 'unknown'), why: String(why ?? '') };
  } catch {
    // Not ours: nobody ordered anything.
    return undefined;
  }
}

/** The class up to which an order sheds; undefined when it sheds none. */
export function orderedClass({ target }: ShedOrder): Criticality | undefined {
  return criticalities.find((each) => each === target);
}
