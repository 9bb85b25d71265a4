import type { RedisClient } from '../redis/connection.js';
import type { Clock } from '../time/clock.js';

/** What all connections of a worker are called, as `CLIENT LIST` shows it; those beside the first have more behind it. */
export function connectionName(worker: string): string {
  return `bulwark:worker:${worker}`;
}

/** How many ids go into one question: Redis serves nobody else while it answers, for one or two milliseconds. */
const idsPerQuestion = 1_000;

export interface StandingConnections {
  readonly ids: ReadonlySet<number>;
  /** When one was asked for that does not stand, the last such moment; by the monotonic clock. */
  readonly missedAt: number;
}

/** Which of these connections Redis still holds. */
export async function standingConnections(
  client: RedisClient,
  ids: readonly number[],
  clock: Clock,
): Promise<StandingConnections> {
  const standing = new Set<number>();
  let missedAt = Number.NEGATIVE_INFINITY;
  for (let from = 0; from < ids.length; from += idsPerQuestion) {
    const askedAt = clock.elapsed();
    const asked = ids.slice(from, from + idsPerQuestion);
    const lines = (await client.client('LIST', 'ID', ...asked)) as string;
    for (const id of fieldsOf(lines, 'id')) standing.add(Number(id));
    if (asked.some((id) => !standing.has(id))) missedAt = askedAt;
  }
  return { ids: standing, missedAt };
}

/** The workers that hold at least one connection, by its name. */
export async function connectedWorkers(client: RedisClient): Promise<Set<string>> {
  const prefix = connectionName('');
  const names = fieldsOf((await client.client('LIST', 'TYPE', 'NORMAL')) as string, 'name');
  return new Set(
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length).split(':')[0] ?? ''),
  );
}

/**
 * How many connections Redis has lost so far, whoever's, plus a number that stays the same: as long as the answer does, none was lost.
 * Redis knows it without looking at any connection. Undefined when it does not say.
 */
export async function droppedConnections(client: RedisClient): Promise<number | undefined> {
  // In one transaction: one that is accepted in between would hide one that is lost.
  const replies = await client.multi().info('stats').info('clients').exec();
  const [stats = '', clients = ''] = (replies ?? []).map(([, text]) => String(text));
  const dropped =
    Number(/^total_connections_received:(\d+)/m.exec(stats)?.[1]) -
    Number(/^connected_clients:(\d+)/m.exec(clients)?.[1]);
  return Number.isNaN(dropped) ? undefined : dropped;
}

/** The values of one field in the lines of `CLIENT LIST`; by hand, because there may be tens of thousands. */
function fieldsOf(lines: string, field: 'id' | 'name'): string[] {
  const [values, mark]: [string[], string] = [[], `${field}=`];
  for (let at = lines.indexOf(mark); at !== -1; at = lines.indexOf(mark, at)) {
    const isField = at === 0 || lines[at - 1] === ' ' || lines[at - 1] === '\n';
    at += mark.length;
    if (isField) values.push(lines.slice(at, lines.indexOf(' ', at)));
  }
  return values;
}
