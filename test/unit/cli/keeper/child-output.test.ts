import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ChildOutput } from '../../../../src/cli/keeper/child-output.js';

/** The output of a process that writes what the test writes. */
function startOutput() {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const passed: { stdout: string[]; stderr: string[] } = { stdout: [], stderr: [] };
  const output = new ChildOutput(
    { stdout, stderr },
    {
      stdout: { write: (text) => passed.stdout.push(text) },
      stderr: { write: (text) => passed.stderr.push(text) },
    },
  );
  return { stdout, stderr, passed, output };
}

it('passes on whole lines only, each stream to its own', async () => {
  const { stdout, stderr, passed } = startOutput();

  stdout.write('one\ntw');
  stderr.write('out of luck\n');
  await turn();
  stdout.write('o\nthree\nfo');
  await turn();

  expect(passed).toEqual({ stdout: ['one\n', 'two\nthree\n'], stderr: ['out of luck\n'] });
});

it('passes on the last line although it has no end, and keeps characters whole', async () => {
  const { stdout, stderr, passed, output } = startOutput();
  const bytes = Buffer.from('größer');

  stdout.write(bytes.subarray(0, 3));
  stdout.end(bytes.subarray(3));
  stderr.end();
  await output.ended;

  expect(passed.stdout).toEqual(['größer\n']);
});

it('remembers the last twenty lines of both streams', async () => {
  const { stdout, stderr, output } = startOutput();

  stdout.end(Array.from({ length: 30 }, (_, n) => `line ${n}\n`).join(''));
  await turn();
  stderr.end('the end\n');
  await output.ended;

  expect(output.tail).toHaveLength(20);
  expect(output.tail.slice(-2)).toEqual(['line 29', 'the end']);
});

it('breaks a line that has no end in sight', async () => {
  const { stdout, passed, output } = startOutput();

  stdout.write('x'.repeat(2_000_000));
  await turn();

  expect(passed.stdout[0]?.endsWith('x\n')).toBe(true);
  expect(output.tail[0]?.length).toBeLessThan(20_000);
});

it('is at its end when the system had no room for the process', async () => {
  const sink = { write: () => undefined };

  await expect(
    new ChildOutput({ stdout: null, stderr: null }, { stdout: sink, stderr: sink }).ended,
  ).resolves.toBeDefined();
});
