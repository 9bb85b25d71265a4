import { readdirSync, readFileSync } from 'node:fs';

/** Kernel ticks a second, as Linux counts the processor time of a process. */
const ticksPerSecond = 100;

/** What a process uses, as Linux tells it. */
export interface ProcessFigures {
  readonly rssBytes: number;
  /** Of all its threads, user and system. */
  readonly cpuSeconds: number;
}

/** @throws Error on systems without /proc: figures are taken on Linux. */
export function readProcess(pid: number): ProcessFigures {
  const rssKb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { rssBytes: Number(rssKb) * 1024, cpuSeconds: scheduledSeconds(pid) || tickedSeconds(pid) };
}

/** What each child of a process was started with, word by word: whoever is about to begin or to end is one of them. */
export function childCommands(pid: number): string[][] {
  // Node starts all of them from its main thread.
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').match(/\d+/g) ?? [];
  return children.map((child) => readIfThere(`/proc/${child}/cmdline`).split('\0'));
}

/** What the scheduler counted, in nanoseconds; 0 with a kernel that does not tell. */
function scheduledSeconds(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(tasks).map((task) => Number(readIfThere(`${tasks}/${task}/schedstat`).split(' ')[0]));
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e9;
}

/** A thread or a child may end between the look at the list and the look at it: neither time nor a command is left of it then. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '0';
  }
}

/** Every kernel tells this much, in hundredths of a second. */
function tickedSeconds(pid: number): number {
  // The command's name stands in parentheses and may hold spaces; the fields after it do not.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
