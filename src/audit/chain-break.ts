import { assertNever } from '../errors/assert-never.js';

/**
 * `altered`: what it says does not have its hash. `misplaced`: it lies where another one belongs. `inserted`: it belongs to no chain.
 * `unlinked`: it does not follow from the one before, which or itself was written anew. `removed`: some are missing. `begun_anew`: the
 * numbers start again.
 */
export type BreakKind = 'altered' | 'misplaced' | 'inserted' | 'unlinked' | 'removed' | 'begun_anew';

/** One place at which the chain does not hold. */
export interface ChainBreak {
  readonly kind: BreakKind;
  /** The entry at which it shows; the first one that is missing where some were removed. Null when it has no number. */
  readonly seq: number | null;
  /** Where that lies, or is missed. */
  readonly place: string;
  /** A sentence for people. */
  readonly detail: string;
}

/** What a break is, as one says it. */
export function spokenBreak(kind: BreakKind): string {
  switch (kind) {
    case 'altered':
      return 'altered';
    case 'misplaced':
      return 'out of order';
    case 'inserted':
      return 'inserted';
    case 'unlinked':
      return 'does not follow';
    case 'removed':
      return 'removed';
    case 'begun_anew':
      return 'begun anew';
    default:
      return assertNever(kind);
  }
}
