import { expect, it } from 'vitest';
import { type RunningProcess, spawnProcess } from '../../support/processes.js';

const foreground = new URL('../../../scripts/setup/foreground.mjs', import.meta.url).href;

/** What a script does that runs a program in its place. */
const script = (program: string): string => `
  const { runForeground } = await import(${JSON.stringify(foreground)});
  process.exitCode = await runForeground(['-e', ${JSON.stringify(program)}]);
`;

function spawnScript(program: string): RunningProcess {
  return spawnProcess(process.execPath, ['--input-type=module', '-e', script(program)]);
}

const countSignals = `
  let count = 0;
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {
    count += 1;
    console.log(signal + ' ' + count);
    setTimeout(() => process.exit(5), 400);
  });
  setInterval(() => {}, 1000);
  console.log('ready');
`;

it('ends with the exit code of the program', async () => {
  const running = spawnScript('process.exit(3)');

  expect(await running.exited).toEqual({ code: 3, signal: null });
});

it('ends with 128 and the number of the signal that killed the program', async () => {
  const running = spawnScript('process.kill(process.pid, "SIGKILL")');

  expect(await running.exited).toEqual({ code: 137, signal: null });
});

it.each(['SIGINT', 'SIGTERM'] as const)('passes %s on once and waits for the program to end', async (signal) => {
  const running = spawnScript(countSignals);
  await running.waitForLine(({ text }) => text === 'ready');

  running.kill(signal);

  expect(await running.exited).toEqual({ code: 5, signal: null });
  expect(running.lines.map(({ text }) => text)).toEqual(['ready', `${signal} 1`]);
});

it.runIf(process.platform !== 'win32')('stops the program when npm has ended the shell above it', async () => {
  // The second command keeps the shell from replacing itself by the first.
  const shell = spawnProcess(
    'sh',
    ['-c', '"$0" --input-type=module -e "$1"; true', process.execPath, script(countSignals)],
    {
      env: { npm_lifecycle_event: 'start' },
    },
  );
  await shell.waitForLine(({ text }) => text === 'ready');

  shell.kill('SIGTERM');

  const line = await shell.waitForLine(({ text }) => text.startsWith('SIG'));
  expect(line.text).toBe('SIGTERM 1');
});
