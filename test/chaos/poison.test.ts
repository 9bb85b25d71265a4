import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadJobs } from '../../src/cli/load-jobs.js';
import { KindRegistry } from '../../src/job/registry.js';
import { quickPace } from '../fixtures/cli/processes.js';
import { startPool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';
import { type RunningProcess, spawnBulwark } from '../support/processes.js';

const jobsFile = fileURLToPath(new URL('../fixtures/chaos/poison.mjs', import.meta.url));
const goodCount = 100;

/**
 * Broken: one job among a hundred takes its process down whenever it runs; each of two workers runs ten jobs at once, and another
 * process takes its place at once. Holds: all the others are done, the culprit is found after three crashes, the last of which hit
 * nobody else, and its dead letter tells how it ended.
 */
it('finds the one job that kills its workers, and has all the others done', { timeout: 90_000 }, async ({
  annotate,
}) => {
  const pool = await startPool();
  const env = { ...quickPace, BULWARK_REDIS_URL: pool.url };
  spawnBulwark(['supervisor', 'run'], { env });
  const deaths: string[] = [];
  const keep = (): RunningProcess => {
    const worker = spawnBulwark(['worker', 'run', '--jobs', jobsFile, '--concurrency', '10'], { env });
    void worker.exited.then(({ signal }) => {
      if (signal !== 'SIGSEGV') return;
      deaths.push(signal);
      keep();
    });
    return worker;
  };
  await Promise.all(
    [keep(), keep()].map((each) => each.waitForLine(({ fields }) => fields['msg'] === 'worker.started')),
  );
  const registry = new KindRegistry(await loadJobs([jobsFile]));
  const [good, poison] = ['good', 'poison'].map((kind) => registry.jobs.find((job) => job.kind === kind));
  if (!good || !poison) throw new Error('two kinds');
  const producer = pool.producer();
  const startedAt = performance.now();
  const before = await producer.enqueueMany(
    good,
    Array.from({ length: goodCount / 2 }, () => ({})),
  );
  const culprit = await producer.enqueue(poison, {});
  const after = await producer.enqueueMany(
    good,
    Array.from({ length: goodCount / 2 }, () => ({})),
  );

  await eventually(
    'every job has ended',
    async () => {
      const { completed, dead_lettered } = await pool.inspector.sample('mixed');
      return completed + dead_lettered === goodCount + 1;
    },
    { timeoutMs: 60_000 },
  );
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;

  const outcomes = await pool.inspector.outcomes(
    'mixed',
    [...before, ...after].map(({ id }) => id),
  );
  expect(outcomes.filter(({ state }) => state !== 'completed')).toEqual([]);
  const letter = await pool.deadLetters(good.queue).get(culprit.id);
  expect(letter).toMatchObject({
    reason: 'poison',
    crashes: 3,
    attempts: [],
    error: { message: expect.stringContaining('killed by SIGSEGV') },
    crashHistory: [
      { how: 'exited' },
      { how: 'exited' },
      { how: 'exited', alone: true, signal: 'SIGSEGV', worker: expect.stringContaining('-alone-') },
    ],
  });
  expect(letter?.crashHistory.at(-1)?.lines).toContain('these are my last words');
  expect(letter?.crashHistory.slice(0, 2).some(({ alone }) => alone)).toBe(false);
  expect(deaths).toHaveLength(2);
  await annotate(`all was done ${seconds} s after it was enqueued; two workers died`);
});
