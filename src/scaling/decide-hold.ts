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

/** What a group may have while something speaks against more workers. */
export interface Hold {
  /** How many workers. */
  readonly held: number;
  /** Whoever was started by then, on the wall clock, is one of them, even if nobody heard of it at that moment. */
  readonly heldSince: number;
  /** How many had been wanted: whoever else was there was about to go. */
  readonly heldAtMost: number;
}

/** For so long whoever knows nothing from before takes the workers that show up for those that were there. */
const showUpMs = 15_000;

/**
 * How many workers a group may have while something speaks against more: as many as there were and were wanted when that began, at least one. What had been
 * wanted before is wanted again when it is over, and whoever has not been started by then does not begin. Pure.
 *
 * A worker of which nobody hears for a moment is there all the same: when it is heard of again it counts, because it was started before. So
 * a dip in what is seen takes nobody away who works.
 *
 * @param before - what was decided a moment ago: whether it held the group already, how many workers there were, and how many were wanted.
 * @param workers - how many there are, and how many of them were started by some moment.
 */
export function decideHold(
  before: (Partial<Hold> & { readonly current: number; readonly desired: number }) | undefined,
  now: number,
  workers: { readonly current: number; readonly startedBy: (moment: number) => number },
): Hold {
  const heldSince = before?.heldSince ?? (before === undefined ? now + showUpMs : now);
  const heldAtMost =
    before?.heldAtMost ?? (before?.held === undefined ? before?.desired : undefined) ?? Number.MAX_SAFE_INTEGER;
  const atFirst = before?.held ?? Math.max(workers.current, before?.current ?? 0);
  const there = Math.max(atFirst, workers.startedBy(heldSince));
  return { held: Math.max(1, Math.min(there, heldAtMost)), heldSince, heldAtMost };
}

function isKey(breaker: string): boolean {
  return breaker.includes('/');
}
