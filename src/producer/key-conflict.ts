import { KeyConflictError } from '../idempotency/key-conflict-error.js';
import type { AddedJob } from '../transport/add-calls.js';
import type { AcceptedPayload } from './accept-payload.js';

const mostNamed = 5;
const mostDetailed = 100;

/** Names the keys that stand for something else already, a few of them when they are many. */
export function keyConflict(
  kind: string,
  accepted: readonly AcceptedPayload[],
  added: readonly AddedJob[],
  conflicts: readonly number[],
): KeyConflictError {
  const named = conflicts.slice(0, mostNamed).map((index) => {
    const at = accepted.length > 1 ? ` at index ${index}` : '';
    return `${JSON.stringify(accepted[index]?.key)}${at} (job ${added[index]?.id})`;
  });
  const more = conflicts.length > named.length ? ` and ${conflicts.length - named.length} more` : '';
  const keys = conflicts.length > 1 ? 'keys' : 'key';
  const were = conflicts.length > 1 ? 'were' : 'was';
  const others = accepted.length > 1 ? 'The others were enqueued' : 'Nothing was enqueued';
  const indexes = conflicts.slice(0, mostDetailed);
  return new KeyConflictError(
    `${kind}: the idempotency ${keys} ${named.join(', ')}${more} ${were} given to another payload before. ${others}; send the payload of that time, or another key`,
    { details: { kind, indexes, ids: indexes.map((index) => added[index]?.id) } },
  );
}
