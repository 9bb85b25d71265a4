/** A breaker that is not closed, as far as it concerns a group of queues. */
export interface OpenBreaker {
  /** The dependency, or `<dependency>/<key>` where one key of it has failed. */
  readonly name: string;
  /** How many jobs of the group are set aside because of it. */
  readonly parked: number;
}

/**
 * Decides whether breakers speak against more workers for a group: they would only press what has failed. Pure.
 *
 * A dependency that its kinds need does, and so does any other that jobs already wait for. One key of many (a host, a customer) does not,
 * because somewhere there always is one that fails: keys do when as many jobs wait for them as wait for workers.
 *
 * @param needs - what the group's kinds say that they need.
 * @param backlog - how many jobs wait for a worker.
 */
export function holdsReplicas(breakers: readonly OpenBreaker[], needs: ReadonlySet<string>, backlog: number): boolean {
  const whole = breakers.filter(({ name }) => !isKey(name));
  const parkedForKeys = breakers.reduce((sum, { name, parked }) => (isKey(name) ? sum + parked : sum), 0);
  return (
    whole.some(({ name, parked }) => needs.has(name) || parked > 0) || (parkedForKeys > 0 && parkedForKeys >= backlog)
  );
}

/**
 * How many workers a group may have while something speaks against more: as many as there were when that began, at least one. What had been
 * wanted before is wanted again when it is over, and whoever has not begun by then does not begin. Pure.
 *
 * @param before - what was decided a moment ago: whether it held the group already, and how many workers there were.
 * @param current - how many there are.
 */
export function decideHeld(
  before: { readonly held?: number; readonly current: number } | undefined,
  current: number,
): number {
  return before?.held ?? Math.max(1, current, before?.current ?? 0);
}

function isKey(breaker: string): boolean {
  return breaker.includes('/');
}
