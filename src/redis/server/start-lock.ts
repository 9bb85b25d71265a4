import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '../../time/clock.js';
import { PoolRunningError } from './pool-running-error.js';
import { isProcessAlive } from './process-alive.js';

/**
 * A lock that names nobody for so long was left by a process that died between creating it and writing its id. Too short would
 * take the lock of one that is held up between the two.
 */
const namelessMs = 5000;
/**
 * Whoever starts a server here is done within a second; one that reads a large file from disk is worth an error. Longer than
 * a nameless lock lasts, so that a wait outlives it.
 */
const waitMs = namelessMs + 1000;

/**
 * Runs `start` while no other process starts a server in the same data folder.
 *
 * The lock is a file that only one process can create; it holds that process's id, and the file of a dead one is taken over,
 * as is one that has named nobody for 5 s.
 *
 * @throws PoolRunningError when another process keeps the lock for longer than a start takes.
 */
export async function withStartLock<T>(dataDir: string, start: () => Promise<T>): Promise<T> {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, 'redis.lock');
  const deadline = performance.now() + waitMs;
  while (!claim(file)) {
    if (performance.now() > deadline) {
      throw new PoolRunningError(
        `another pool is being started in ${dataDir} (process ${holderOf(file) ?? 'unknown'}); wait for it, or delete ${file} if there is none`,
        { details: { dataDir, pid: holderOf(file) } },
      );
    }
    await pause(25);
  }
  try {
    return await start();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Takes the lock if it is free or its holder is dead. */
function claim(file: string): boolean {
  if (create(file)) return true;
  if (!isHolderDead(file)) return false;
  // Two who see the same dead holder must not both delete: the later one would delete the lock of the earlier.
  const takeover = `${file}.takeover`;
  if (!create(takeover)) return false;
  try {
    if (isHolderDead(file)) rmSync(file, { force: true });
  } finally {
    rmSync(takeover, { force: true });
  }
  return create(file);
}

function create(file: string): boolean {
  try {
    const handle = openSync(file, 'wx');
    writeSync(handle, String(process.pid));
    closeSync(handle);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isHolderDead(file: string): boolean {
  const holder = holderOf(file);
  return holder === undefined ? ageMs(file) > namelessMs : !isProcessAlive(holder);
}

/** By the clock of the file system; zero for a lock that was deleted meanwhile. */
function ageMs(file: string): number {
  const writtenAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  return writtenAt === undefined ? 0 : Date.now() - writtenAt;
}

/** Undefined for a lock that was deleted or whose holder has not yet written its id. */
function holderOf(file: string): number | undefined {
  try {
    const id = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(id) && id > 0 ? id : undefined;
  } catch {
    return undefined;
  }
}
