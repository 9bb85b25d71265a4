/** What to do about a worker that asks for work and gets no answer. */
export type FetchVerdict = 'ok' | 'rebuild' | 'replace';

/**
 * Decides by how many looks in a row found an answer due and none come. Once for each period: first the connection is rebuilt, and when
 * that did not help, the process is to be replaced. Pure.
 */
export function decideFetch(silentLooks: number, looksPerPeriod: number): FetchVerdict {
  if (silentLooks === 0 || silentLooks % looksPerPeriod !== 0) return 'ok';
  return silentLooks === looksPerPeriod ? 'rebuild' : 'replace';
}
