import type { Bound } from '../proof.js';

/** A promise from below; what was not measured does not hold it. */
export function atLeast(limit: number, figure: number | string | undefined): Bound {
  return { limit, held: typeof figure === 'number' && figure >= limit };
}

/** A promise from above. */
export function atMost(limit: number, figure: number | string | undefined): Bound {
  return { limit, held: typeof figure === 'number' && figure <= limit };
}
