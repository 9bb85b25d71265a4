import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { withSetupLock } from '../../../scripts/setup/lock.mjs';
import { withStartLock } from '../../../src/redis/server/start-lock.js';
import { temporaryFolder } from '../../support/temp-folder.js';

/** Two locks for two programs, of which one runs before anything is built: they keep the same promises. */
const locks = [
  {
    name: 'redis.lock',
    take: (folder: string, file: string) => withStartLock(folder, async () => readFileSync(file, 'utf8')),
  },
  { name: 'setup.lock', take: (_: string, file: string) => withSetupLock(() => readFileSync(file, 'utf8'), file) },
];

function age(file: string): void {
  const sixSecondsAgo = Date.now() / 1000 - 6;
  utimesSync(file, sixSecondsAgo, sixSecondsAgo);
}

const leftLock = locks.flatMap((lock) => ['', 'half of an id'].map((content) => ({ ...lock, content })));

it.each(leftLock)(
  'takes over a $name that says $content once it has named nobody for 5 s',
  async ({ name, take, content }) => {
    const folder = temporaryFolder();
    const file = join(folder, name);
    writeFileSync(file, content);
    let taken = false;

    const holder = take(folder, file).finally(() => {
      taken = true;
    });
    // Its owner may be about to write its id.
    await sleep(300);
    expect(taken).toBe(false);
    age(file);

    expect(await holder).toBe(String(process.pid));
  },
);

it.each(locks)('leaves a $name alone whose holder lives, however old it is', async ({ name, take }) => {
  const folder = temporaryFolder();
  const file = join(folder, name);
  writeFileSync(file, String(process.ppid));
  age(file);
  let taken = false;

  const holder = take(folder, file).finally(() => {
    taken = true;
  });
  await sleep(300);
  expect(taken).toBe(false);
  writeFileSync(file, '');
  age(file);

  expect(await holder).toBe(String(process.pid));
});
