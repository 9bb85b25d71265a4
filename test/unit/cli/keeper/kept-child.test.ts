import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { KeptChild } from '../../../../src/cli/keeper/kept-child.js';
import type { ReadyReport } from '../../../../src/cli/process/ready-report.js';
import type { CrashRecord } from '../../../../src/recovery/crash-record.js';
import { systemClock } from '../../../../src/time/clock.js';
import { isAlive } from '../../../fixtures/cli/processes.js';
import { eventually } from '../../../support/eventually.js';
import { temporaryFolder } from '../../../support/temp-folder.js';

const kept: KeptChild[] = [];
afterEach(() => Promise.all(kept.splice(0).map((child) => child.kill())));

const ready = `process.send({ bulwark: 'ready', report: { role: 'worker', id: 'w', pid: process.pid, http: null, kinds: [] } });`;
const drains = `process.on('message', () => process.exit(0));`;

interface Seen {
  readonly pids: number[];
  readonly hopeless: number[];
  readonly events: string[];
  /** What it wrote, as the keeper passed it on. */
  readonly written: string[];
  readonly crashes: (CrashRecord & { readonly id: string })[];
  loops: number;
}

/** Keeps a child that runs this program. */
function keep(
  program: string,
  options: { killGraceMs?: number; pauseMs?: number } = {},
): { child: KeptChild; seen: Seen } {
  const module = join(temporaryFolder(), 'child.cjs');
  writeFileSync(module, program);
  const seen: Seen = { pids: [], hopeless: [], events: [], written: [], crashes: [], loops: 0 };
  const log = pino(
    { level: 'debug' },
    { write: (line: string) => seen.events.push((JSON.parse(line) as { msg: string }).msg) },
  );
  const sink = { write: (text: string) => seen.written.push(text) };
  const child = new KeptChild({
    name: 'worker 1',
    program: { module, args: [], env: process.env },
    output: { stdout: sink, stderr: sink },
    policy: { baseMs: options.pauseMs ?? 1, capMs: options.pauseMs ?? 1 },
    killGraceMs: options.killGraceMs ?? 5_000,
    clock: systemClock,
    random: () => 0.99,
    log,
    onReady: (report: ReadyReport) => seen.pids.push(report.pid),
    onHopeless: (exitCode) => seen.hopeless.push(exitCode),
    onCrashLoop: () => {
      seen.loops += 1;
    },
    onCrash: async ({ id }, record) => {
      seen.crashes.push({ id, ...record });
    },
  });
  kept.push(child);
  child.start();
  return { child, seen };
}

/** The process id of the n-th child that was ready. */
const readyChild = (seen: Seen, n: number): Promise<number> => eventually(`child ${n}`, () => seen.pids[n - 1]);

it('starts a child again when it was killed', async () => {
  const { seen } = keep(ready + drains);
  const first = await readyChild(seen, 1);

  process.kill(first, 'SIGKILL');

  expect(await readyChild(seen, 2)).not.toBe(first);
});

it('asks the child to drain and waits for its end', async () => {
  const { child, seen } = keep(`${ready} process.on('message', () => setTimeout(() => process.exit(0), 100));`);
  const pid = await readyChild(seen, 1);

  await child.stop();

  expect(isAlive(pid)).toBe(false);
  expect(seen.events).not.toContain('child.killed');
});

it('kills a child that does not end in time', async () => {
  const { child, seen } = keep(`${ready} process.on('message', () => undefined);`, { killGraceMs: 100 });
  const pid = await readyChild(seen, 1);

  await child.stop();

  expect(isAlive(pid)).toBe(false);
  expect(seen.events).toContain('child.killed');
});

it('ends a child that has closed its channel', async () => {
  const { child, seen } = keep(`${ready} setInterval(() => undefined, 1e6); setImmediate(() => process.disconnect());`);
  await readyChild(seen, 1);

  await child.stop();

  expect(seen.events).not.toContain('child.killed');
});

it('starts no other child once it was stopped, also in the pause before one', async () => {
  const { child, seen } = keep('process.exit(1);', { pauseMs: 60_000 });
  await eventually('a death', () => seen.events.includes('child.exited'));

  await child.stop();
  child.start();

  expect(seen.events.filter((event) => event === 'child.started')).toHaveLength(1);
});

it('gives up on a child that says at its first start that it is used wrongly', async () => {
  const { seen } = keep('process.exit(2);');

  await eventually('the end of hope', () => seen.hopeless.length > 0);

  expect(seen.hopeless).toEqual([2]);
  expect(seen.events).not.toContain('child.exited');
});

it('does not give up on a child that was ready before', async () => {
  const { seen } = keep(`${ready} setTimeout(() => process.exit(2), 20);`);

  await readyChild(seen, 2);

  expect(seen.hopeless).toEqual([]);
});

it('says loudly when a child dies as soon as it is started', async () => {
  const { child, seen } = keep('process.exit(3);');

  await eventually('the loop to be noticed', () => seen.loops > 0);

  expect(seen.events.find((event) => event.startsWith('child.crash_loop'))).toContain('worker 1 dies as soon as');
  expect(seen.events.filter((event) => event === 'child.exited')).toHaveLength(2);
  expect(child.looping).toBe(true);
  expect(child.casualty).toEqual({ name: 'worker 1', deaths: 3, exitCode: 3, signal: null, lines: [] });
});

it('takes no notice of what handlers write to the channel', async () => {
  const { seen } = keep(`process.send('hello'); process.send({ bulwark: 1 }); process.send(null); ${ready} ${drains}`);

  await readyChild(seen, 1);

  expect(seen.pids).toHaveLength(1);
});

it('passes on what the child writes, to its last word, and reports its crash with it before it starts another', async () => {
  const lastWords = `process.stdout.write('one\\ntwo'); process.stderr.write('redis://user:secret@host\\n');`;
  const { seen } = keep(`${ready} setTimeout(() => { ${lastWords} process.exit(7); }, 20);`);

  await readyChild(seen, 2);

  expect(seen.written.slice(0, 3).sort()).toEqual(['one\n', 'redis://user:secret@host\n', 'two\n']);
  const [crash] = seen.crashes;
  expect(crash).toMatchObject({ id: 'w', exitCode: 7, signal: null });
  expect([...(crash?.lines ?? [])].sort()).toEqual(['one', 'redis://user:[redacted]@host', 'two']);
  expect(crash?.endedAt).toBeGreaterThanOrEqual(crash?.startedAt ?? Number.POSITIVE_INFINITY);
});

it('reports the signal that killed a child', async () => {
  const { seen } = keep(ready + drains);

  process.kill(await readyChild(seen, 1), 'SIGKILL');
  await readyChild(seen, 2);

  expect(seen.crashes).toMatchObject([{ exitCode: null, signal: 'SIGKILL' }]);
});

it('reports no crash of a child that never was ready, nor of one that it stopped', async () => {
  const never = keep('process.exit(1);');
  const stopped = keep(ready + drains);
  await readyChild(stopped.seen, 1);

  await stopped.child.stop();
  await eventually('some deaths', () => never.seen.loops > 0);

  expect([never.seen.crashes, stopped.seen.crashes]).toEqual([[], []]);
});

it('starts another at once for a child that somebody else has asked to drain, and calls it no crash', async () => {
  const leaves = `process.on('SIGTERM', () => process.send({ bulwark: 'stopping' }, () => process.exit(143)));`;
  const { child, seen } = keep(ready + drains + leaves, { pauseMs: 60_000 });

  for (const n of [1, 2, 3]) process.kill(await readyChild(seen, n), 'SIGTERM');
  await readyChild(seen, 4);

  expect(seen.crashes).toEqual([]);
  expect(child.looping).toBe(false);
});

it('does not wait for a process that a child has left behind with its output', async () => {
  const orphan = `require('node:child_process').spawn('sleep', ['60'], { stdio: 'inherit', detached: true })`;
  const { seen } = keep(`const { pid } = ${orphan}; console.log(pid); ${ready} setTimeout(() => process.exit(1), 50);`);

  await readyChild(seen, 2);

  process.kill(Number(seen.written[0]), 'SIGKILL');
  await eventually('the second one', () => seen.written.length > 1);
  process.kill(Number(seen.written[1]), 'SIGKILL');
});
