/** What the tokens of Bulwark's workers begin with; others belong to plain BullMQ workers. */
const prefix = 'bw/';

/** The token under which a worker holds one lease: names the worker, differs per fetch. */
export function leaseToken(worker: string, number: number): string {
  return `${leaseTokenPrefix(worker)}${number}`;
}

/** What all tokens of a worker begin with. */
export function leaseTokenPrefix(worker: string): string {
  return `${prefix}${worker}/`;
}

/** The worker that a token names; undefined when it is not one of ours. */
export function workerOfToken(token: string): string | undefined {
  if (!token.startsWith(prefix)) return undefined;
  const end = token.lastIndexOf('/');
  return end > prefix.length ? token.slice(prefix.length, end) : undefined;
}
