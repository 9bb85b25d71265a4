import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import type { ChildProgram } from '../../../../src/cli/keeper/forked-child.js';
import { Keeper } from '../../../../src/cli/keeper/keeper.js';
import { KeptChild } from '../../../../src/cli/keeper/kept-child.js';
import { systemClock } from '../../../../src/time/clock.js';
import { isAlive } from '../../../fixtures/cli/processes.js';
import { eventually } from '../../../support/eventually.js';
import { temporaryFolder } from '../../../support/temp-folder.js';

const keepers: Keeper[] = [];
afterEach(() => Promise.all(keepers.splice(0).map((keeper) => keeper.kill())));

const lives = `
  process.send({ bulwark: 'ready', report: { role: 'worker', id: 'w', pid: process.pid, http: null, kinds: [] } });
  process.on('message', () => process.exit(0));
`;
const dies = 'process.exit(9);';

const silence = { write: () => undefined };

function program(text: string): ChildProgram {
  const module = join(temporaryFolder(), 'child.cjs');
  writeFileSync(module, text);
  return { module, args: [], env: process.env };
}

/** A keeper of a pool whose processes run these programs. */
function keep(supervisor: string, ...workers: string[]): Keeper {
  return keepSome(workers.length, supervisor, ...workers);
}

/** The same, of which so many workers are wanted. */
function keepSome(wanted: number, supervisor: string, ...workers: string[]): Keeper {
  const keeper = new Keeper(
    { supervisor: program(supervisor), workers: workers.map(program) },
    (name, childProgram, news) =>
      new KeptChild({
        name,
        program: childProgram,
        policy: { baseMs: 1, capMs: 20 },
        killGraceMs: 5_000,
        readyWithinMs: 5_000,
        output: { stdout: silence, stderr: silence },
        clock: systemClock,
        random: () => 0.99,
        log: pino({ level: 'silent' }),
        onCrash: () => Promise.resolve(),
        ...news,
      }),
    wanted,
  );
  keepers.push(keeper);
  keeper.start();
  return keeper;
}

it('gives up when more than half of its workers die as soon as they are started, and says which', async () => {
  const keeper = keep(lives, lives, dies, dies);

  const casualties = await keeper.gaveUp;

  expect(casualties.map(({ name }) => name)).toEqual(['worker 2', 'worker 3']);
  expect(casualties.every(({ deaths, exitCode }) => deaths >= 3 && exitCode === 9)).toBe(true);
});

it('gives up when its supervisor dies as soon as it is started', async () => {
  const [casualty] = await keep(dies, lives, lives).gaveUp;

  expect(casualty).toMatchObject({ name: 'supervisor', exitCode: 9 });
});

it('leaves what still runs to whoever stops it', async () => {
  const keeper = keep(dies, lives);
  await keeper.gaveUp;
  const [worker] = keeper.reports.workers;

  const aliveBefore = worker && isAlive(worker.pid);
  await keeper.stop();

  expect(aliveBefore).toBe(true);
  expect(worker && isAlive(worker.pid)).toBe(false);
});

const pids = (keeper: Keeper) => keeper.reports.workers.map((report) => report?.pid);

it('runs so many of its workers as are wanted, and is ready when those are', async () => {
  const keeper = keepSome(1, lives, lives, lives, lives);
  await keeper.ready;
  const first = pids(keeper);

  keeper.resize(3);
  await eventually('three run', () => pids(keeper).filter((pid) => pid !== undefined).length === 3);
  const three = pids(keeper);
  keeper.resize(1);

  expect(first).toHaveLength(1);
  expect(three[0]).toBe(first[0]);
  expect(pids(keeper)).toEqual(first);
  await eventually('two have ended', () => three.slice(1).every((pid) => !isAlive(pid ?? 0)));
  expect(isAlive(first[0] ?? 0)).toBe(true);
});

it('never runs more than it has places for', async () => {
  const keeper = keepSome(1, lives, lives, lives);

  keeper.resize(9);
  await eventually('both run', () => pids(keeper).filter((pid) => pid !== undefined).length === 2);

  expect(keeper.wanted).toBe(2);
});

it('does not count places that are vacant among those that die', async () => {
  const keeper = keepSome(1, lives, dies, dies, dies);

  const casualties = await keeper.gaveUp;

  expect(casualties.map(({ name }) => name)).toEqual(['worker 1']);
});
