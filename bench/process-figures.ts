import { readFileSync } from 'node:fs';

/** Kernel ticks a second, as Linux counts the processor time of a process. */
const ticksPerSecond = 100;

/** What a process uses, as Linux tells it. */
export interface ProcessFigures {
  readonly rssBytes: number;
  readonly cpuSeconds: number;
}

/** @throws Error on systems without /proc: figures are taken on Linux. */
export function readProcess(pid: number): ProcessFigures {
  const rssKb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  // The command's name stands in parentheses and may hold spaces; the fields after it do not.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    rssBytes: Number(rssKb) * 1024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  };
}
