import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
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
  options: { killGraceMs?: number; pauseMs?: number; readyWithinMs?: number } = {},
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
    readyWithinMs: options.readyWithinMs ?? 5_000,
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

describe('replace', () => {
  /** Only the first process of a place behaves like this; those that take over run the rest. */
  const first = (program: string, otherwise = ready + drains) =>
    `if (!process.argv.includes('--takes-over')) { ${program} } else { ${otherwise} }`;

  it('asks the old process to drain when the new one is ready, and to hand over its port', async () => {
    const tells = `process.on('message', ({ handOver }) => { console.log('handOver', handOver); process.exit(0); });`;
    const { child, seen } = keep(first(ready + tells));
    const old = await readyChild(seen, 1);

    const replacement = await child.replace('a test');

    expect(replacement).toBe('replaced');
    expect(seen.pids).toHaveLength(2);
    expect(isAlive(old)).toBe(false);
    expect(isAlive(seen.pids[1] ?? 0)).toBe(true);
    expect(seen.written).toEqual(['handOver true\n']);
    expect(seen.crashes).toEqual([]);
  });

  it.each([
    ['ends', 'process.exit(2);', 'has ended'],
    ['is not ready in time', drains, 'is not ready in time'],
  ])('goes on with the old process when the new one %s, and says so', async (_what, program, said) => {
    const { child, seen } = keep(first(ready + drains, program), { readyWithinMs: 500 });
    const old = await readyChild(seen, 1);

    const replacement = await child.replace('a test');

    expect(replacement).toBe('failed');
    expect(isAlive(old)).toBe(true);
    expect(seen.events.find((event) => event.startsWith('child.replace_failed'))).toContain(said);
    expect([seen.hopeless, seen.crashes, child.looping]).toEqual([[], [], false]);
  });

  it('is the same when it is asked for twice', async () => {
    const { child, seen } = keep(ready + drains);
    await readyChild(seen, 1);

    await Promise.all([child.replace('a test'), child.replace('a test')]);

    expect(seen.pids).toHaveLength(2);
  });

  it('happens when the child asks for it, once in ten seconds', async () => {
    const asks = `setTimeout(() => process.send({ bulwark: 'replace', reason: 'a job hangs' }), 100);`;
    const { seen } = keep(ready + drains + asks);

    await eventually('the second wish', () => seen.events.filter((event) => event === 'child.wants_replacement')[1]);
    await eventually('the end of the first', () => seen.events.includes('child.replaced'));

    expect(seen.pids).toHaveLength(2);
  });

  it('has the new process take the place when the old one dies meanwhile, which is reported', async () => {
    const slow = `setTimeout(() => { ${ready} }, 300); ${drains}`;
    const { child, seen } = keep(first(ready + drains, slow), { pauseMs: 60_000 });
    const replacing = readyChild(seen, 1).then((pid) => {
      process.kill(pid, 'SIGKILL');
      return child.replace('a test');
    });

    expect(await replacing).toBe('replaced');
    expect(seen.crashes).toMatchObject([{ signal: 'SIGKILL' }]);
    expect(seen.pids).toHaveLength(2);
  });

  it('starts a process where there is none, instead of waiting for the end of the pause', async () => {
    const { child, seen } = keep(first(`${ready} setTimeout(() => process.exit(1), 20);`), { pauseMs: 60_000 });
    await eventually('its death', () => seen.events.includes('child.exited'));

    expect(await child.replace('a test')).toBe('replaced');
    expect(isAlive(seen.pids[1] ?? 0)).toBe(true);
  });

  it('is cut by a stop, which ends both processes', async () => {
    const { child, seen } = keep(first(ready + drains, `console.log(process.pid); ${drains}`));
    const old = await readyChild(seen, 1);
    const replacing = child.replace('a test');
    const next = Number(await eventually('the new process', () => seen.written[0]));

    await child.stop();

    expect(await replacing).toBe('stopping');
    expect([old, next].map(isAlive)).toEqual([false, false]);
    expect(await child.replace('a test')).toBe('stopping');
  });
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
  const { child, seen } = keep(leaves + drains + ready, { pauseMs: 60_000 });

  for (const n of [1, 2, 3]) process.kill(await readyChild(seen, n), 'SIGTERM');
  await readyChild(seen, 4);

  expect(seen.crashes).toEqual([]);
  expect(child.looping).toBe(false);
});

it('lets one wait that leaves before it is ready, as it may do so again', async () => {
  const { seen } = keep(`process.send({ bulwark: 'stopping' }, () => process.exit(143));`, { pauseMs: 60_000 });

  await eventually('its end', () => seen.events.find((event) => event.startsWith('child.exited')));

  expect(seen.pids).toEqual([]);
  expect(seen.events).not.toContain('child.left');
});

it('does not wait for a process that a child has left behind with its output', async () => {
  const orphan = `require('node:child_process').spawn('sleep', ['60'], { stdio: 'inherit', detached: true })`;
  const { seen } = keep(`const { pid } = ${orphan}; console.log(pid); ${ready} setTimeout(() => process.exit(1), 50);`);

  await readyChild(seen, 2);

  process.kill(Number(seen.written[0]), 'SIGKILL');
  await eventually('the second one', () => seen.written.length > 1);
  process.kill(Number(seen.written[1]), 'SIGKILL');
});

describe('a place that is vacated', () => {
  /** Ends so long after it was told to retire; to a stop it would end at once. */
  const retires = (ms: number) =>
    `${ready} process.on('message', ({ bulwark }) => setTimeout(() => process.exit(0), bulwark === 'retire' ? ${ms} : 0));`;

  it('keeps its process until that ends by itself, however long that takes', async () => {
    const { child, seen } = keep(retires(400), { killGraceMs: 50 });
    const pid = await readyChild(seen, 1);

    child.vacate();
    const isThere = { vacant: child.vacant, leaving: child.leaving, alive: isAlive(pid) };
    await eventually('its end', () => !isAlive(pid));

    expect(isThere).toEqual({ vacant: true, leaving: true, alive: true });
    await eventually('the place is free', () => !child.leaving);
    expect(seen.events).not.toContain('child.killed');
    expect(seen.pids).toEqual([pid]);
  });

  it('can be filled again while the process before still runs', async () => {
    const { child, seen } = keep(retires(60_000));
    const first = await readyChild(seen, 1);

    child.vacate();
    child.start();
    const second = await readyChild(seen, 2);

    expect([isAlive(first), isAlive(second)]).toEqual([true, true]);
    await child.stop();
    expect([isAlive(first), isAlive(second)]).toEqual([false, false]);
  });

  it('starts no other after a death, nor after a pause that had begun', async () => {
    const { child, seen } = keep('process.exit(1);', { pauseMs: 60_000 });
    await eventually('a death', () => seen.events.includes('child.exited'));

    child.vacate();

    expect(await child.replace('rolling restart')).toBe('vacant');
    expect(seen.events.filter((event) => event === 'child.started')).toHaveLength(1);
  });
});
