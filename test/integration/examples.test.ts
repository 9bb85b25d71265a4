import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnProcess } from '../support/processes.js';
import { startRedis, type TestRedis } from '../support/redis-server.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** Runs a program of `examples/` to its end and gives what it wrote. */
async function runExample(name: string): Promise<string> {
  const program = join(import.meta.dirname, '../../examples', name);
  const run = spawnProcess(process.execPath, [program], { env: { REDIS_URL: redis.url } });
  const { code } = await run.exited;
  expect(code, run.text('stderr')).toBe(0);
  return run.text('stdout');
}

it('runs the first program of the README to its end', async () => {
  expect(await runExample('first-program.mjs')).toContain("sentTo: 'ada@example.com'");
});

it('runs the program of the durable steps to its end, with one charge in three attempts', async () => {
  const output = await runExample('steps.mjs');

  expect(output.match(/charged 1999 cents/g)).toHaveLength(1);
  expect(output).toContain('mailed "paid: payment-');
  expect(output).toContain('attempts: 3');
});
