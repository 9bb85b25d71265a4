import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { parseTrail } from '../../src/job/trail.js';
import { deadLetterQueue } from '../../src/redis/keyspace.js';
import { readJobPlaces } from '../../src/transport/job-places.js';
import { startPool, type TestPool } from '../integration/worker-pool/test-pool.js';
import { putLetters } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { spawnBulwark } from '../support/processes.js';
import { seededRandom } from '../support/seeded-random.js';
import { watchCensus } from './census.js';
import { type ChaosPayload, quickWorker, ready, spawnWorker } from './pool-process.js';

const queue = 'chaos';
const letterCount = 400;
const rounds = 4;

/**
 * Broken: two redrives of the same letters at once, each killed at a random moment, again and again, while a worker lets a third of what
 * they put back die anew. Holds: at any moment every job is in exactly one place, dead, live or completed.
 */
it('keeps every job dead, live or completed while redrives are killed in the middle', { timeout: 60_000 }, async ({
  annotate,
}) => {
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed);
  const pool = await startPool();
  const ids = Array.from({ length: letterCount }, (_, n) => `job-${n}`);
  await putLetters(
    pool.client,
    pool.keyspace,
    queue,
    ids.map((id, n) => {
      const payload: ChaosPayload = { ms: Math.floor(10 * random()), ...(n % 3 === 0 && { fails: 'always' }) };
      return { id, kind: 'chaos', payload, diedAt: 1_700_000_000_000 + n };
    }),
  );
  const census = watchCensus(pool, queue);
  await ready(spawnWorker(pool.url, { ...quickWorker, concurrency: 5 }));

  let moved = 0;
  for (let round = 1; round <= rounds; round++) {
    const before = await started(pool, ids);
    const redrives = [1, 2].map(() => startRedrive(pool));
    await eventually('they have begun', async () => (await started(pool, ids)) > before, { timeoutMs: 20_000 });
    for (const redrive of redrives) {
      await sleep(150 * random());
      redrive.kill('SIGKILL');
    }
    await Promise.all(redrives.map(({ exited }) => exited));
    moved = (await started(pool, ids)) - before;
  }
  await eventually('what was put back has ended', async () => {
    const { waiting, active } = await pool.inspector.sample(queue);
    return waiting + active === 0;
  });

  const { samples, sums } = await census.stop();
  expect(sums, `seed ${seed}`).toEqual(new Set([letterCount]));
  expect(await placesOf(pool, ids), `seed ${seed}`).toEqual(ids.map((id) => ({ id, places: 1, isSound: true })));
  const { completed, dead_lettered } = await pool.inspector.sample(queue);
  expect(completed).toBeGreaterThan(0);
  expect(completed + dead_lettered).toBe(letterCount);
  await annotate(`${samples} samples, all sums right; ${completed} completed, ${moved} were moved in the last round`);
});

function startRedrive({ url }: TestPool) {
  return spawnBulwark(['dlq', 'redrive', queue, '--all', '--rate', '300', '--halt-at', '100', '--redis', url]);
}

/** How often the jobs were put back in all, by their trails. */
async function started({ client, keyspace }: TestPool, ids: readonly string[]): Promise<number> {
  const pipeline = client.pipeline();
  for (const name of [queue, deadLetterQueue(queue)]) {
    for (const id of ids) pipeline.hget(keyspace.queue(name, id), 'bwt');
  }
  const trails = (await pipeline.exec()) ?? [];
  return trails.flatMap(([, trail]) => parseTrail(trail as string | null)).filter(({ what }) => what === 'redriven')
    .length;
}

/** In how many places each job is, and whether its hash is where its id is. */
async function placesOf({ client, keyspace }: TestPool, ids: readonly string[]) {
  const [live, dead] = await Promise.all(
    [queue, deadLetterQueue(queue)].map((name) => readJobPlaces(client, keyspace, name, ids)),
  );
  return ids.map((id, index) => {
    const both = [live?.[index], dead?.[index]];
    return {
      id,
      places: both.reduce((sum, where) => sum + (where?.places.length ?? 0), 0),
      isSound: both.every((where) => (where?.hash === 'job') === (where?.places.length ?? 0) > 0),
    };
  });
}
