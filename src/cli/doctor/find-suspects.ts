/** What was read of one queue while work went on. */
export interface CensusReading {
  /** How often each id stood in a place, at each of several moments, the first before the hashes were read and the last after. */
  readonly readings: readonly ReadonlyMap<string, number>[];
  /** The ids that have a hash. */
  readonly hashes: ReadonlySet<string>;
  /** Whether every id in a place was read. */
  readonly allIds: boolean;
  /** Whether every hash was read. */
  readonly allHashes: boolean;
}

/**
 * Names the jobs that may break law 1, and are worth a closer look: those in two places, those in a place and without a
 * hash, those with a hash and in no place. What was not read completely accuses nobody of being missing there. Pure.
 */
export function findSuspects({ readings, hashes, allIds, allHashes }: CensusReading): string[] {
  const suspects = new Set<string>();
  for (const seen of readings) for (const [id, times] of seen) if (times > 1) suspects.add(id);
  // Only what stood in a place before the hashes were read had to be among them.
  if (allHashes) for (const id of readings[0]?.keys() ?? []) if (!hashes.has(id)) suspects.add(id);
  if (allIds) for (const id of hashes) if (!readings.some((seen) => seen.has(id))) suspects.add(id);
  return [...suspects];
}
