import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, SetupError, say } from './project.mjs';

/** An installation over a slow line takes minutes. */
const waitMs = 900_000;
/**
 * A lock that names nobody for so long was left by a process that died between creating it and writing its id. Too short would
 * take the lock of one that is held up between the two.
 */
const namelessMs = 5_000;

/**
 * Runs a step of the set-up while no other process is in one, so that two terminals can start at the same time.
 *
 * The lock is a file that only one process can create; it holds that process's id, and the file of a dead one is taken over,
 * as is one that has named nobody for 5 s.
 */
export async function withSetupLock(step, file = join(root, '.bulwark', 'setup.lock')) {
  mkdirSync(dirname(file), { recursive: true });
  const deadline = Date.now() + waitMs;
  for (let told = false; !claim(file); told = true) {
    if (!told) say(`process ${holderOf(file) ?? '?'} is setting up this clone; waiting for it`);
    if (Date.now() > deadline) throw new SetupError(`still not done; delete ${file} if no such process runs`);
    await sleep(200);
  }
  try {
    return await step();
  } finally {
    rmSync(file, { force: true });
  }
}

function claim(file) {
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

function create(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isHolderDead(file) {
  const holder = holderOf(file);
  if (holder === undefined) return ageMs(file) > namelessMs;
  try {
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** By the clock of the file system; zero for a lock that was deleted meanwhile. */
function ageMs(file) {
  const writtenAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  return writtenAt === undefined ? 0 : Date.now() - writtenAt;
}

function holderOf(file) {
  try {
    const id = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(id) && id > 0 ? id : undefined;
  } catch {
    // Released since, or not yet written.
    return undefined;
  }
}
