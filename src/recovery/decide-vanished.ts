/** A worker as its last beat told of it. */
export interface KnownWorker {
  readonly id: string;
  /** The number of its connection to Redis. */
  readonly connection: number;
}

/** More than this part of at least so many workers do not die at the same moment: their way to Redis broke. */
const massRatio = 0.5;
const massMinimum = 3;

export type VanishedDecision =
  /** Everybody is there. */
  | { readonly kind: 'none' }
  /** Whose connections are gone: dead, unless they connect again at once. */
  | { readonly kind: 'some'; readonly workers: readonly KnownWorker[] }
  /** So many at once that it is not the workers. */
  | { readonly kind: 'mass'; readonly workers: readonly KnownWorker[] };

/** Decides from the connections that Redis still holds whose process may be gone. Pure. */
export function decideVanished(known: readonly KnownWorker[], standing: ReadonlySet<number>): VanishedDecision {
  const workers = known.filter(({ connection }) => !standing.has(connection));
  if (workers.length === 0) return { kind: 'none' };
  const isMass = workers.length >= massMinimum && workers.length > massRatio * known.length;
  return { kind: isMass ? 'mass' : 'some', workers };
}
