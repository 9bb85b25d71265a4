import type { RedisClient } from '../redis/connection.js';

/** What all connections of a worker are called, as `CLIENT LIST` shows it; those beside the first have more behind it. */
export function connectionName(worker: string): string {
  return `bulwark:worker:${worker}`;
}

/** How many ids go into one question: Redis serves nobody else while it answers. */
const idsPerQuestion = 500;

/** Which of these connections Redis still holds. */
export async function standingConnections(client: RedisClient, ids: readonly number[]): Promise<Set<number>> {
  const standing = new Set<number>();
  for (let from = 0; from < ids.length; from += idsPerQuestion) {
    const lines = (await client.client('LIST', 'ID', ...ids.slice(from, from + idsPerQuestion))) as string;
    for (const id of fieldsOf(lines, 'id')) standing.add(Number(id));
  }
  return standing;
}

/** The workers that hold at least one connection, by its name. */
export async function connectedWorkers(client: RedisClient): Promise<Set<string>> {
  const prefix = connectionName('');
  const names = fieldsOf((await client.client('LIST', 'TYPE', 'NORMAL')) as string, 'name');
  return new Set(
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length).split(':')[0] ?? ''),
  );
}

/** The values of one field in the lines of `CLIENT LIST`. */
function fieldsOf(lines: string, field: string): string[] {
  return [...lines.matchAll(new RegExp(`(?:^| )${field}=(\\S*)`, 'gm'))].map(([, value = '']) => value);
}
