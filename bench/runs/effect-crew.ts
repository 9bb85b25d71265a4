import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NetworkPath, openNetworkPath } from '../faults/network-path.js';
import { type EffectEvent, type EffectPoint, effectPoints } from '../peers/effect-job.js';
import { startProgram } from './programs.js';

/** What may happen to a worker amid its jobs. */
export const mishaps = ['killed', 'frozen', 'answer lost'] as const;

export type Mishap = (typeof mishaps)[number];

/** One run of a job: how far it came, and what happened to its worker meanwhile. */
export interface EffectRun {
  readonly number: number;
  readonly run: string;
  readonly fence: number;
  point: EffectPoint;
  mishap?: Mishap;
  /** Where it was then. */
  caughtAt?: EffectPoint;
  /** Whether its worker stood still while the job went to another. */
  zombie?: true;
}

interface Member {
  process: ChildProcess;
  readonly path: NetworkPath;
  readonly running: Set<EffectRun>;
  busy: boolean;
}

/** Longer than silence is taken for life, and than the new run takes to begin. */
const freezeMs = 7_500;
const longestAnswerLossMs = 40;

/** Workers to whom mishaps happen; every run of a job is known. */
export class EffectCrew {
  readonly runs = new Map<string, EffectRun>();
  readonly #redis: { readonly url: string; readonly port: number };
  readonly #concurrency: number;
  readonly #members: Member[] = [];
  readonly #highest = new Map<number, number>();

  constructor(redis: { readonly url: string; readonly port: number }, concurrency: number) {
    this.#redis = redis;
    this.#concurrency = concurrency;
  }

  async start(size: number): Promise<void> {
    await Promise.all(
      Array.from({ length: size }, async () => {
        const path = await openNetworkPath(this.#redis.port);
        const running = new Set<EffectRun>();
        this.#members.push({ process: await this.#startWorker(path, running), path, running, busy: false });
      }),
    );
  }

  /** How many runs a mishap has met. */
  get caught(): number {
    return [...this.runs.values()].filter(({ mishap }) => mishap !== undefined).length;
  }

  /** The highest fence that a run of this job had. */
  highestFence(number: number): number {
    return this.#highest.get(number) ?? 0;
  }

  /** Lets a mishap happen to some worker to whom none happens now. Resolves when that worker works again. */
  async strike(mishap: Mishap): Promise<void> {
    const members = this.#members.filter(({ busy }) => !busy);
    const member = members[Math.floor(Math.random() * members.length)];
    if (!member) return;
    member.busy = true;
    const caught = [...member.running];
    try {
      switch (mishap) {
        case 'killed':
          await this.#kill(member, caught);
          break;
        case 'frozen':
          await this.#freeze(member, caught);
          break;
        case 'answer lost':
          mark(caught, mishap);
          await member.path.loseAnswers(longestAnswerLossMs * Math.random());
      }
    } finally {
      member.busy = false;
    }
  }

  end(): void {
    for (const { process, path } of this.#members) {
      process.kill('SIGCONT');
      process.kill('SIGKILL');
      path.close();
    }
  }

  async #kill(member: Member, caught: readonly EffectRun[]): Promise<void> {
    // All that it tells is read before its channel closes.
    const gone = Promise.all([once(member.process, 'exit'), once(member.process, 'disconnect')]);
    member.process.kill('SIGKILL');
    await gone;
    mark(
      caught.filter((run) => member.running.has(run)),
      'killed',
    );
    member.running.clear();
    member.process = await this.#startWorker(member.path, member.running);
  }

  async #freeze(member: Member, caught: readonly EffectRun[]): Promise<void> {
    member.process.kill('SIGSTOP');
    mark(caught, 'frozen');
    await sleep(freezeMs);
    for (const run of caught) if (this.highestFence(run.number) > run.fence) run.zombie = true;
    member.process.kill('SIGCONT');
  }

  #startWorker(path: NetworkPath, running: Set<EffectRun>): Promise<ChildProcess> {
    return startProgram('effect-worker', [path.url, String(this.#concurrency)], (event: EffectEvent) =>
      this.#heard(running, event),
    );
  }

  #heard(running: Set<EffectRun>, { event, number, run: name, fence }: EffectEvent): void {
    if (event === 'started') {
      const run: EffectRun = { number, run: name, fence, point: event };
      this.runs.set(name, run);
      running.add(run);
      this.#highest.set(number, Math.max(fence, this.highestFence(number)));
      return;
    }
    const run = this.runs.get(name);
    if (!run) return;
    run.point = event;
    if (event === 'ended') running.delete(run);
  }
}

function mark(runs: readonly EffectRun[], mishap: Mishap): void {
  for (const run of runs) {
    if (run.mishap) continue;
    run.mishap = mishap;
    run.caughtAt = run.point;
  }
}

/** How many of the runs that a mishap met were at each point. */
export function pointsOf(runs: Iterable<EffectRun>): Record<EffectPoint, number> {
  const counts = Object.fromEntries(effectPoints.map((point) => [point, 0])) as Record<EffectPoint, number>;
  for (const { caughtAt } of runs) if (caughtAt) counts[caughtAt] += 1;
  return counts;
}
