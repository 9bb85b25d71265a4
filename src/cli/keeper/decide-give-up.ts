/** A place for one process of the pool, as the keeper sees it when it decides whether to go on. */
export interface Slot {
  readonly role: 'supervisor' | 'worker';
  /** Whether its process dies as soon as it is started. */
  readonly looping: boolean;
}

/** Who cannot be kept alive. */
export type GiveUp = 'supervisor' | 'workers';

/**
 * Says whether a keeper should end the pool: a few workers that cannot start are carried by the others, but a pool that is
 * mostly dead looks alive to whoever started it, who could do more about it. Pure.
 *
 * @returns undefined while it should go on.
 */
export function decideGiveUp(slots: readonly Slot[]): GiveUp | undefined {
  if (slots.some(({ role, looping }) => role === 'supervisor' && looping)) return 'supervisor';
  const workers = slots.filter(({ role }) => role === 'worker');
  const looping = workers.filter((worker) => worker.looping);
  return looping.length > workers.length / 2 ? 'workers' : undefined;
}
