import { counted } from '../wording.js';

const idsShown = 5;

/** One line per answer that came: how many, and which when they are few. */
export function renderCounts(groups: readonly (readonly [ids: readonly string[], what: string])[]): string {
  const lines = groups
    .filter(([ids]) => ids.length > 0)
    .map(([ids, what]) => {
      const named = ids.length <= idsShown ? ` (${ids.join(', ')})` : '';
      return `${counted(ids.length, 'dead letter')} ${what}${named}`;
    });
  return lines.length === 0 ? 'no dead letters' : lines.join('\n');
}
