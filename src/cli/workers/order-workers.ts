import { nearestWord } from '../../errors/suggestion.js';
import type { WorkerOrder } from '../../recovery/order.js';
import type { WorkerBeat } from '../../recovery/worker-beat.js';
import { pause } from '../../time/clock.js';
import type { RedisSession } from '../redis-session.js';
import { UsageError } from '../usage-error.js';

/** A worker that was told something, and whether it has been seen to follow. */
export interface OrderedWorker {
  readonly id: string;
  readonly followed: boolean;
}

/** Which workers a command is about, as its arguments say. */
export interface WorkerSelection {
  readonly ids: readonly string[];
  readonly all?: true;
}

const lookEveryMs = 100;
/** A worker hears of it with its next beat; should that be lost, it is told again. */
const tellEveryMs = 2_000;

/**
 * Says which workers are meant: the named ones, or all that beat. A name may be cut to where it is still the only one.
 *
 * @throws UsageError when nothing or both was said, or a name is no worker's or several workers'.
 */
export async function selectWorkers(redis: RedisSession, { ids, all }: WorkerSelection): Promise<string[]> {
  if (ids.length > 0 === (all === true)) throw new UsageError('say which workers: their ids, or --all');
  const known = (await redis.fleet.read()).flatMap(({ id, beat }) => (beat && beat.suspect === undefined ? [id] : []));
  return all ? known : ids.map((id) => oneOf(id, known));
}

function oneOf(name: string, known: readonly string[]): string {
  const meant = known.includes(name) ? [name] : known.filter((id) => id.startsWith(name));
  if (meant.length === 1) return meant[0] ?? name;
  if (meant.length > 1) throw new UsageError(`${name} may be ${meant.join(' or ')}: say more of it`);
  const nearest = nearestWord(name, known);
  throw new UsageError(
    `no worker ${name} beats${nearest ? `; did you mean ${nearest}?` : ''}; \`bulwark worker ls\` lists them`,
  );
}

/** Tells a worker what is wanted, again if need be, until its beats show that it follows or time is up. */
export async function orderWorker(
  redis: RedisSession,
  id: string,
  order: WorkerOrder,
  follows: (beat: WorkerBeat | undefined) => boolean,
  timeoutMs: number,
): Promise<OrderedWorker> {
  const deadline = performance.now() + timeoutMs;
  let toldAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    const beat = await redis.fleet.beatOf(id);
    if (follows(beat)) return { id, followed: true };
    const now = performance.now();
    if (beat === undefined || now >= deadline) return { id, followed: false };
    if (now - toldAt >= tellEveryMs) {
      await redis.fleet.order(id, order);
      toldAt = now;
    }
    await pause(lookEveryMs, new AbortController().signal);
  }
}
