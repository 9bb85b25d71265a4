import { counted } from '../wording.js';

/** So many are asked for at once: enough to fill the line to Redis, and no burst for whoever takes the jobs up. */
const batchSize = 50;
const idsShown = 5;

/** Does something to each dead letter and says which ids had which answer. */
export async function changeLetters<A extends string>(
  ids: readonly string[],
  change: (id: string) => Promise<A>,
): Promise<Partial<Record<A, string[]>>> {
  const changes: Partial<Record<A, string[]>> = {};
  for (let from = 0; from < ids.length; from += batchSize) {
    const batch = ids.slice(from, from + batchSize);
    const answers = await Promise.all(batch.map(change));
    for (const [index, answer] of answers.entries()) {
      const known = changes[answer] ?? [];
      known.push(batch[index] ?? '');
      changes[answer] = known;
    }
  }
  return changes;
}

/** One line per answer that came: how many, and which when they are few. */
export function renderChanges(groups: readonly (readonly [ids: readonly string[], what: string])[]): string {
  const lines = groups
    .filter(([ids]) => ids.length > 0)
    .map(([ids, what]) => {
      const named = ids.length <= idsShown ? ` (${ids.join(', ')})` : '';
      return `${counted(ids.length, 'dead letter')} ${what}${named}`;
    });
  return lines.length === 0 ? 'no dead letters' : lines.join('\n');
}
