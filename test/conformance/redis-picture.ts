import type { Redis } from 'ioredis';

/** Everything in a Redis database, without what differs from run to run. */
export type RedisPicture = Readonly<Record<string, KeyPicture>>;

interface KeyPicture {
  readonly type: string;
  readonly value: unknown;
  /** Rounded up to five seconds; undefined when the key stays. */
  readonly expiresInSeconds?: number;
}

export interface PictureOptions {
  /** Moments of this run, in ms since the epoch, are all called `moment`. */
  readonly moments?: { readonly from: number; readonly to: number };
  /** Whether lists and streams are compared without their order. */
  readonly anyOrder?: boolean;
  /** Ends of keys that are left out. */
  readonly without?: readonly string[];
}

/** Fields of ours in a job that BullMQ's own backend does not write. */
const ownFields = ['bww'];

/** Reads a whole database: types, lists in order, sets, scores, hash fields, stream entries one by one. */
export async function pictureOf(redis: Redis, options: PictureOptions = {}): Promise<RedisPicture> {
  const picture: Record<string, KeyPicture> = {};
  for (const key of (await redis.keys('*')).sort()) {
    if (options.without?.some((end) => key.endsWith(end))) continue;
    const type = await redis.type(key);
    const ttl = await redis.pttl(key);
    picture[plain(key, options)] = {
      type,
      value: await contentOf(redis, key, type, options),
      ...(ttl >= 0 && { expiresInSeconds: Math.ceil(ttl / 5_000) * 5 }),
    };
  }
  return picture;
}

async function contentOf(redis: Redis, key: string, type: string, options: PictureOptions): Promise<unknown> {
  const sorted = <T>(items: T[]) =>
    options.anyOrder ? items.map((item) => JSON.stringify(item)).sort((a, b) => a.localeCompare(b)) : items;
  switch (type) {
    case 'string':
      return plain((await redis.get(key)) ?? '', options);
    case 'list':
      return sorted((await redis.lrange(key, 0, -1)).map((item) => plain(item, options)));
    case 'set':
      return (await redis.smembers(key)).map((item) => plain(item, options)).sort();
    case 'zset':
      return sorted(pairs(await redis.zrange(key, '0', '-1', 'WITHSCORES')).map((pair) => score(pair, options)));
    case 'hash':
      return Object.fromEntries(
        Object.entries(await redis.hgetall(key))
          .filter(([field]) => !ownFields.includes(field))
          .sort(([a], [b]) => a.localeCompare(b))
          .map(([field, value]) => [plain(field, options), fieldValue(field, value, options)]),
      );
    case 'stream':
      return sorted((await redis.xrange(key, '-', '+')).map(([, words]) => entry(words, options)));
    default:
      throw new TypeError(`a key of the type ${type} is none of a queue's: ${key}`);
  }
}

function entry(words: readonly string[], options: PictureOptions): Record<string, unknown> {
  return Object.fromEntries(pairs(words).map(([field, value]) => [field, plain(value, options)]));
}

function pairs(words: readonly string[]): [string, string][] {
  return Array.from({ length: words.length / 2 }, (_, index) => [words[2 * index] ?? '', words[2 * index + 1] ?? '']);
}

/** A score is a moment, a priority, or a moment with a running number in its lower twelve bits. */
function score([member, text]: [string, string], options: PictureOptions): [unknown, unknown] {
  const value = Number(text);
  if (options.moments !== undefined && value > 2 ** 52) {
    return [plain(member, options), `${plain(String(Math.floor(value / 0x1000)), options)}#${value % 0x1000}`];
  }
  return [plain(member, options), plain(text, options)];
}

/** Fields that are JSON are compared as what they say; of a stack only what was thrown is the same everywhere. */
function fieldValue(field: string, value: string, options: PictureOptions): unknown {
  if (field === 'opts') return saying(JSON.parse(value), options);
  if (field === 'stacktrace') return (JSON.parse(value) as string[]).map((stack) => stack.split('\n')[0]);
  return plain(value, options);
}

/** A value as any JSON writer would write it: without an order of its keys, numbers as texts. */
function saying(value: unknown, options: PictureOptions): unknown {
  if (typeof value !== 'object' || value === null) return plain(String(value), options);
  if (Array.isArray(value)) return value.map((item) => saying(item, options));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, saying(item, options)]));
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

function plain(text: string, { moments }: PictureOptions): string {
  const known = text.replace(uuid, 'uuid');
  if (moments === undefined) return known;
  return known.replace(/\d{13}/g, (digits) => {
    const value = Number(digits);
    return value >= moments.from && value <= moments.to ? 'moment' : digits;
  });
}
