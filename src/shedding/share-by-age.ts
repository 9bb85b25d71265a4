/**
 * Says how many jobs come back to each queue when so many may in all: the oldest, whatever queue they are of. Pure.
 *
 * @param births - when the oldest jobs of each queue were made.
 * @returns only queues to which some come back.
 */
export function shareByAge<Q>(most: number, births: readonly (readonly [Q, readonly number[]])[]): Map<Q, number> {
  const all = births.flatMap(([queue, times]) => times.map((born) => ({ queue, born })));
  const shares = new Map<Q, number>();
  for (const { queue } of all.toSorted((one, other) => one.born - other.born).slice(0, most)) {
    shares.set(queue, (shares.get(queue) ?? 0) + 1);
  }
  return shares;
}
