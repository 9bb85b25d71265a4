import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { quickPace } from '../fixtures/cli/processes.js';
import { startPool, type TestPool } from '../integration/worker-pool/test-pool.js';
import { readAudit } from '../support/audit.js';
import { putLetters } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { spawnBulwark } from '../support/processes.js';
import { seededRandom } from '../support/seeded-random.js';

const queue = 'chaos';
const letterCount = 6_000;
const keepCount = 100;

/**
 * Broken: leaders, killed at random moments while they drop dead letters; a standby takes over. Holds: the audit stream never tells of fewer
 * letters than are gone, the newest stay, and in the end as many are left as shall be kept.
 */
it('writes down every letter that goes, while leaders are killed in the middle of it', { timeout: 60_000 }, async ({
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
    ids.map((id, n) => ({ id, diedAt: 1_700_000_000_000 + n })),
  );
  let kills = 0;

  while ((await left(pool)) > letterCount / 2 && kills < 10) {
    const before = await left(pool);
    const supervisors = [1, 2].map(() => startSupervisor(pool));
    await eventually('some are gone', async () => (await left(pool)) < before, { timeoutMs: 20_000 });
    await sleep(20 * random());
    for (const supervisor of supervisors) supervisor.kill('SIGKILL');
    await Promise.all(supervisors.map(({ exited }) => exited));
    kills += 2;
    const gone = letterCount - (await left(pool));
    expect(await written(pool), `seed ${seed}`).toBeGreaterThanOrEqual(gone);
  }
  startSupervisor(pool);
  await eventually('no more are left than shall be kept', async () => (await left(pool)) <= keepCount, {
    timeoutMs: 30_000,
  });

  const { client, keyspace } = pool;
  expect(await client.zrange(keyspace.queue(`${queue}.dead`, 'failed'), '0', '-1')).toEqual(ids.slice(-keepCount));
  const told = await written(pool);
  expect(told).toBeGreaterThanOrEqual(letterCount - keepCount);
  await annotate(
    `${kills} supervisors killed; ${letterCount - keepCount} letters gone, ${told} written down before they went`,
  );
});

function startSupervisor({ url }: TestPool) {
  return spawnBulwark(['supervisor', 'run'], {
    env: {
      ...quickPace,
      BULWARK_REDIS_URL: url,
      BULWARK_DEAD_LETTER_KEEP_COUNT: String(keepCount),
      BULWARK_DEAD_LETTER_KEEP: 'false',
      BULWARK_DEAD_LETTER_SWEEP: '50ms',
    },
  });
}

function left({ client, keyspace }: TestPool): Promise<number> {
  return client.zcard(keyspace.queue(`${queue}.dead`, 'failed'));
}

/** The sum of all letters that the audit stream tells of. */
async function written({ client }: TestPool): Promise<number> {
  return (await readAudit(client, 'bulwark', 'dead_letters.')).reduce((sum, { count }) => sum + Number(count), 0);
}
