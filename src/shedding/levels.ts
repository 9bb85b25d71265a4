import { type Criticality, criticalities } from '../job/criticality.js';

/**
 * The scale on which work is cut: its class, and within the class the cohort of its tenant. What stands below the cut gives way. Four
 * classes alone would be too coarse: one step would turn away a third of all work or none of it.
 */

/** How many cohorts a class has: a power of two, so that the last bits of a hash are one. */
const cohortsPerClass = 128;

/** The cut that admits everything. */
export const openCut = 0;

/** The highest cut: the first class is never cut, only refused when Redis itself is about to refuse. */
export const highestCut = floorOf('critical_plus');

const hourMs = 3_600_000;

/** The lowest level of a class. */
export function floorOf(criticality: Criticality): number {
  return (criticalities.length - 1 - criticalities.indexOf(criticality)) * cohortsPerClass;
}

/** The first level above a class. */
export function ceilingOf(criticality: Criticality): number {
  return floorOf(criticality) + cohortsPerClass;
}

/**
 * The level of a job. Who shares a tenant shares a cohort, so that a tenant is served whole or not at all; the cohorts are dealt anew every
 * hour, so that it is not always the same one. A job without a tenant is told apart by its key, and without one by its id.
 */
export function levelOf(criticality: Criticality, tenantOrId: string, now: number): number {
  return floorOf(criticality) + cohortOf(tenantOrId, hourOf(now));
}

/** The level of a job that shares its cohort with nobody: `chance`, from 0 to 1, deals it. */
export function levelByChance(criticality: Criticality, chance: number): number {
  return floorOf(criticality) + Math.min(Math.floor(chance * cohortsPerClass), cohortsPerClass - 1);
}

/** The hour for which cohorts are dealt. */
export function hourOf(now: number): number {
  return Math.floor(now / hourMs);
}

/** The cohort of whom a job belongs to, counted from 0. */
export function cohortOf(tenantOrId: string, hour: number): number {
  return hash(hour, tenantOrId) & (cohortsPerClass - 1);
}

/** Whether nothing of a class stands below a cut: then nobody need look at its jobs. */
export function isAbove(criticality: Criticality, cut: number): boolean {
  return cut <= floorOf(criticality);
}

/** How much of a class stands below a cut, from 0 to 1. */
export function shareBelow(cut: number, criticality: Criticality): number {
  return Math.min(Math.max((cut - floorOf(criticality)) / cohortsPerClass, 0), 1);
}

/** How fast each class arrives, in any unit; a class that has no queue is left out. */
export type ArrivalsByClass = Readonly<Partial<Record<Criticality, number>>>;

/**
 * The cut below which a share of all arrivals stands. Cohorts are dealt by a hash, so a class is spread evenly over its levels.
 *
 * @param reach how much of a class may be cut at most, from 0 to 1.
 */
export function cutFor(share: number, arrivals: ArrivalsByClass, reach: (criticality: Criticality) => number): number {
  let left = share * criticalities.reduce((sum, each) => sum + (arrivals[each] ?? 0), 0);
  let cut = openCut;
  // The least important first.
  for (const criticality of criticalities.toReversed()) {
    const rate = arrivals[criticality];
    if (rate === undefined) continue;
    const allowed = reach(criticality);
    // Of a class of which nothing comes the work that waits can give way all the same.
    const wanted = rate > 0 ? left / rate : left > 0 ? 1 : 0;
    const taken = Math.min(wanted, allowed, 1);
    if (taken <= 0) break;
    cut = floorOf(criticality) + Math.round(taken * cohortsPerClass);
    left -= taken * rate;
    if (taken < 1 || left <= 1e-9) break;
  }
  return Math.min(cut, highestCut);
}

/** FNV-1a, with its bits mixed once more: the last seven are used, and they differ too little between ids that count up. */
function hash(seed: number, text: string): number {
  let value = Math.imul(0x811c9dc5 ^ seed, 0x01000193);
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return value ^ (value >>> 13);
}
