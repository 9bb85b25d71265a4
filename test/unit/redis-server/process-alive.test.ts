import { expect, it } from 'vitest';
import { isProcessAlive } from '../../../src/redis/server/process-alive.js';
import { eventually } from '../../support/eventually.js';
import { spawnProcess } from '../../support/processes.js';

it('sees a running process and one that was killed', async () => {
  const running = spawnProcess(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  expect(isProcessAlive(running.pid)).toBe(true);

  running.kill('SIGKILL');
  await running.exited;

  expect(isProcessAlive(running.pid)).toBe(false);
});

it.runIf(process.platform === 'linux')('counts a process that ended and was not collected as dead', async () => {
  // A shell that replaces itself leaves the child it had behind, and its successor does not know of it.
  const parent = spawnProcess('sh', ['-c', 'sh -c "echo \\$\\$; exit 0" & exec sleep 60']);
  const { text } = await parent.waitForLine(({ text }) => /^\d+$/.test(text));

  await eventually('the child counts as dead', () => !isProcessAlive(Number(text)));

  process.kill(Number(text), 0);
});
