import { readFileSync } from 'node:fs';

/**
 * True while a process with this id runs. An id may have been given to a stranger since: ask the process itself who it is.
 */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Not allowed to signal it: it exists and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return !hasEnded(pid);
}

/**
 * True for a process that has ended and that nobody has collected: it still has its id. An orphan in a container whose
 * first process collects none stays so for ever. Seen on Linux only, where such containers are.
 */
function hasEnded(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
