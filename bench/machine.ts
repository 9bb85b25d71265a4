import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** On what a proof ran, and how much of it others used meanwhile. */
export interface MachineFigures {
  readonly cores: number;
  readonly node: string;
  /** Part of all processor time that went to programs which are not part of the proof: above 0.05, only figures of CPU are of use. */
  readonly usedByOthers: number;
}

/** Watches the machine from now on; call what is returned when all processes of the proof have ended. */
export function watchMachine(): () => MachineFigures {
  const [startedAt, busyBefore, ownBefore] = [performance.now(), busyTicks(), ownTicks()];
  return () => {
    const ticks = ((performance.now() - startedAt) / 1_000) * ticksPerSecond * availableParallelism();
    const others = busyTicks() - busyBefore - (ownTicks() - ownBefore);
    return {
      cores: availableParallelism(),
      node: process.version,
      usedByOthers: Math.max(0, Math.round((others / ticks) * 100) / 100),
    };
  };
}

const ticksPerSecond = 100;

/** What all processes of the machine have used. */
function busyTicks(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = numbers(
    /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1],
  );
  return user + nice + system + irq + softirq;
}

/** What this process has used, and all those that it started and saw end. */
function ownTicks(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = numbers(stat.slice(stat.lastIndexOf(')') + 4));
  return fields.slice(10, 14).reduce((sum, ticks) => sum + ticks, 0);
}

function numbers(text = ''): number[] {
  return text.trim().split(/\s+/).map(Number);
}
