import type { Redis } from 'ioredis';

/** Everything in the audit streams of a pool, or what is about `noun`, the oldest first, each entry as its fields. */
export async function readAudit(client: Redis, namespace = 'bulwark', noun = ''): Promise<Record<string, string>[]> {
  const streams = (await client.keys(`{${namespace}}:bw:audit:*`)).sort();
  const entries = await Promise.all(streams.map((key) => client.xrange(key, '-', '+')));
  const all = entries.flat().map(([, words]) => {
    const pairs = Array.from({ length: words.length / 2 }, (_, n) => [words[2 * n] ?? '', words[2 * n + 1] ?? '']);
    return Object.fromEntries(pairs) as Record<string, string>;
  });
  return all.filter(({ what = '' }) => what.startsWith(noun));
}
