import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnProcess } from '../support/processes.js';
import { startRedis, type TestRedis } from '../support/redis-server.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

it('runs the first program of the README to its end', async () => {
  const program = join(import.meta.dirname, '../../examples/first-program.mjs');

  const run = spawnProcess(process.execPath, [program], { env: { REDIS_URL: redis.url } });
  const { code } = await run.exited;

  expect(run.text('stdout')).toContain("sentTo: 'ada@example.com'");
  expect(code).toBe(0);
});
