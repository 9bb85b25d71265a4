import type { KindRegistry } from '../job/registry.js';

/** A beat is bounded; whoever needs more has other worries. */
const mostTold = 50;

/** By queue, the dependencies without which some of its kinds can do nothing: those with a breaker, of kinds without a fallback. */
export function queueNeeds({ jobs }: Pick<KindRegistry, 'jobs'>): ReadonlyMap<string, readonly string[]> {
  const needs = new Map<string, Set<string>>();
  for (const { queue, dependencies, fallback } of jobs) {
    if (fallback !== undefined) continue;
    const names = dependencies.filter(({ breaker }) => breaker !== false).map(({ name }) => name);
    if (names.length > 0) needs.set(queue.name, new Set([...(needs.get(queue.name) ?? []), ...names]));
  }
  return new Map([...needs].map(([queue, names]) => [queue, [...names].slice(0, mostTold)]));
}
