import type { RedisSession } from '../redis-session.js';

/** The supervisor that leads. */
export interface LeaderView {
  readonly id: string;
  readonly epoch: number;
  readonly leadsForMs: number;
}

/** Undefined when nobody leads. */
export async function readLeader({ client, keyspace }: RedisSession, now: number): Promise<LeaderView | undefined> {
  const { id, epoch, since } = await client.hgetall(keyspace.leader);
  if (id === undefined) return undefined;
  return { id, epoch: Number(epoch), leadsForMs: Math.max(0, now - Number(since)) };
}
