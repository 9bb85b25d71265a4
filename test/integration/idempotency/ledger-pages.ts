import type { RedisClient } from '../../../src/redis/connection.js';

/** The pages of the ledger, as ledger.lua keeps them, the newest first. */
export async function pagesOf(client: RedisClient, ledgerBase: string): Promise<string[]> {
  return (await client.zrevrange(`${ledgerBase}pages`, '0', '-1')).map((name) => `${ledgerBase}${name}`);
}

/** The record of a key; null when there is none. */
export async function recordOf(client: RedisClient, ledgerBase: string, digest: string): Promise<string | null> {
  for (const page of await pagesOf(client, ledgerBase)) {
    const record = await client.hget(page, digest);
    if (record !== null) return record;
  }
  return null;
}

/** As if all that was written so far had been written so many ms earlier. */
export async function agePages(client: RedisClient, ledgerBase: string, ms: number): Promise<void> {
  const list = `${ledgerBase}pages`;
  for (const name of await client.zrange(list, '0', '-1')) {
    const aged = String(Number(name) - ms);
    await client.rename(`${ledgerBase}${name}`, `${ledgerBase}${aged}`);
    await client.zrem(list, name);
    await client.zadd(list, aged, String(aged));
  }
}
