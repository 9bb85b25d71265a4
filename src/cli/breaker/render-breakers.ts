import type { Paint } from '../output.js';
import { renderTable } from '../table.js';
import { spokenDuration } from '../wording.js';
import { nextOf, phaseFormats, phaseWords, whyOf } from './describe-breaker.js';
import type { BreakersView, BreakerView } from './read-breakers.js';

/** Breakers as a table, in the order that is given. */
export function renderBreakers({ breakers, now }: BreakersView, paint: Paint): string {
  return renderTable(
    [
      { title: 'BREAKER', value: ({ name }) => name },
      { title: 'STATE', value: ({ phase }) => phaseWords[phase], format: ({ phase }) => phaseFormats[phase] },
      { title: 'FOR', align: 'right', value: ({ since }) => spokenDuration(now - since) },
      { title: 'SET ASIDE', align: 'right', value: (view) => String(parkedOf(view)) },
      { title: 'WHY', value: whyOf },
      { title: 'NEXT', value: (view) => nextOf(view, now) || '-' },
    ],
    breakers,
    paint,
  );
}

/** How many jobs are set aside because of a breaker. */
export function parkedOf({ parked }: BreakerView): number {
  return Object.values(parked).reduce((sum, count) => sum + count, 0);
}
