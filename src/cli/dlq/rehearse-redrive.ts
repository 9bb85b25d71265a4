import { systemClock } from '../../time/clock.js';
import { exitCodes } from '../exit-code.js';
import type { Output } from '../output.js';
import type { RedisSession } from '../redis-session.js';
import { renderCounts } from './render-counts.js';
import { renderGroups } from './render-groups.js';
import type { Selected } from './select-letters.js';

const askedAtOnce = 500;

/** Says what a redrive would put back, and why that is there. Answers the exit code. */
export async function rehearseRedrive(
  output: Output,
  redis: RedisSession,
  queue: string,
  { letters, notFound, groups }: Selected,
): Promise<number> {
  const redriven: string[] = [];
  const idTaken: string[] = [];
  for (let from = 0; from < letters.length; from += askedAtOnce) {
    const batch = letters.slice(from, from + askedAtOnce);
    const live = await Promise.all(batch.map(({ id }) => redis.client.exists(redis.keyspace.queue(queue, id))));
    for (const [index, { deadId }] of batch.entries()) (live[index] === 1 ? idTaken : redriven).push(deadId);
  }
  output.answer({ queue, redriven, notFound, idTaken, dryRun: true, groups }, () => {
    const counts = renderCounts([
      [redriven, `would go back into ${queue}`],
      [notFound, `unknown among those of ${queue}`],
      [idTaken, 'would stay where they are: a job with the same id is in the queue'],
    ]);
    return groups.length === 0 ? counts : `${counts}\n${renderGroups(groups, systemClock.now(), output.paint)}`;
  });
  return notFound.length + idTaken.length > 0 ? exitCodes.problem : exitCodes.done;
}
