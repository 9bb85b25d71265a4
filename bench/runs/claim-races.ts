import { Redis } from 'ioredis';
import { keyDigest } from '../../src/idempotency/identity.js';
import { Keyspace } from '../../src/redis/keyspace.js';
import type { EpochMs } from '../../src/time/duration.js';
import { decodeTakenJob, type FetchedJob } from '../../src/transport/fetched-job.js';
import { PayloadReader } from '../../src/transport/payload-reader.js';
import { QueueWriter } from '../../src/transport/queue-writer.js';
import { WorkCalls } from '../../src/transport/work-calls.js';
import { workLayout } from '../../src/transport/work-layout.js';

export interface RaceFigures {
  readonly races: number;
  /** Races that not exactly one of the two won. */
  readonly undecided: number;
}

const queue = 'races';
const keyspace = new Keyspace('bulwark');
const racesPerRound = 100;

/** Lets two workers claim the same key at the same time, again and again: each has taken a job of its own with that key. */
export async function raceForClaims(url: string, races: number): Promise<RaceFigures> {
  const connections = [new Redis(url), new Redis(url)];
  const [client] = connections as [Redis, Redis];
  const racers = connections.map((connection, place) => takerOf(connection, `racer-${place}`));
  let undecided = 0;
  try {
    for (let from = 0; from < races; from += racesPerRound) {
      const keys = Array.from({ length: Math.min(racesPerRound, races - from) }, (_, at) => String(from + at));
      await addPairs(client, keys);
      const taken = await Promise.all(
        racers.map((racer, place) => racer.take(keys.map((key) => `racer-${place}-${key}`))),
      );
      const wins = new Map<string, number>();
      for (const { claim } of taken.flatMap(({ jobs }) => jobs)) {
        const won = claim?.verdict.kind === 'new' ? 1 : 0;
        wins.set(claim?.digest ?? '', (wins.get(claim?.digest ?? '') ?? 0) + won);
      }
      undecided += keys.length - [...wins.values()].filter((count) => count === 1).length;
    }
    return { races, undecided };
  } finally {
    for (const connection of connections) connection.disconnect();
  }
}

function takerOf(client: Redis, worker: string): WorkCalls<FetchedJob> {
  const layout = workLayout(keyspace.prefix(queue), queue);
  return new WorkCalls({
    client,
    layout,
    payloads: new PayloadReader(client, layout.bases.base, () => undefined),
    worker,
    leaseMs: 60_000,
    keepAttempts: 1,
    keepKeysMs: 600_000,
    decode: decodeTakenJob,
  });
}

/** Two jobs per key, written as nobody does who looks at the key first. */
async function addPairs(client: Redis, keys: readonly string[]): Promise<void> {
  const enqueuedAt = Date.now() as EpochMs;
  const ids = keys.flatMap((key) => [`${key}-a`, `${key}-b`]);
  await new QueueWriter(client, keyspace, 250).add(
    queue,
    ids.map((id) => ({ id, kind: 'race', payloadJson: '{}', meta: {}, enqueuedAt, delayMs: 0, priority: 0 })),
  );
  const marks = client.pipeline();
  for (const id of ids) {
    const digest = keyDigest({ kind: 'race', tenant: undefined, key: id.slice(0, -2) });
    marks.hset(keyspace.queue(queue, id), 'bwi', `${digest}\n1.same`);
  }
  await marks.exec();
}
