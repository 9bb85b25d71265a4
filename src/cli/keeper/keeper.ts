import type { ReadyReport } from '../process/ready-report.js';
import type { PoolPrograms } from './child-programs.js';
import { decideGiveUp, type Slot } from './decide-give-up.js';
import type { ChildProgram } from './forked-child.js';
import type { ChildNews, KeptChild } from './kept-child.js';
import type { Casualty } from './pool-gave-up-error.js';

/** The processes of a pool, by what they were given to do. */
export interface PoolReports {
  /** Undefined while it is not ready, and for a pool without one. */
  readonly supervisor: ReadyReport | undefined;
  /** In the order of the workers that are wanted; undefined for one that is not ready. */
  readonly workers: readonly (ReadyReport | undefined)[];
}

/** How a child is made: the keeper says for what, and what it wants to be told. */
export type CreateChild = (name: string, program: ChildProgram, news: Omit<ChildNews, 'onCrash'>) => KeptChild;

/**
 * Some workers, and a supervisor where one belongs to them, each in a process of its own, kept alive until the pool stops. It has a place
 * for each worker that it may ever run, of which `resize` fills so many.
 */
export class Keeper {
  /** Resolves when every process that is wanted has been ready once. */
  readonly ready: Promise<void>;
  /** Resolves when a process can never run as it was started, with its name and exit code. */
  readonly hopeless: Promise<{ readonly name: string; readonly exitCode: number }>;
  /** Resolves when too much of the pool dies as soon as it is started, with what it was. */
  readonly gaveUp: Promise<readonly Casualty[]>;
  readonly #supervisor: KeptChild | undefined;
  readonly #workers: readonly KeptChild[];
  readonly #reports = new Map<string, ReadyReport>();
  #wanted: number;

  /** @param wanted - how many workers it starts with. */
  constructor({ supervisor, workers }: PoolPrograms, createChild: CreateChild, wanted = workers.length) {
    this.#wanted = wanted;
    let allReady = (): void => undefined;
    let loseHope = (_: { name: string; exitCode: number }): void => undefined;
    let giveUp = (_: readonly Casualty[]): void => undefined;
    this.ready = new Promise((resolve) => {
      allReady = resolve;
    });
    this.hopeless = new Promise((resolve) => {
      loseHope = resolve;
    });
    this.gaveUp = new Promise((resolve) => {
      giveUp = resolve;
    });
    const child = (name: string, program: ChildProgram): KeptChild =>
      createChild(name, program, {
        onReady: (report) => {
          this.#reports.set(name, report);
          if (this.#filled().every((place) => this.#reports.has(place.name))) allReady();
        },
        onHopeless: (exitCode) => loseHope({ name, exitCode }),
        onCrashLoop: () => {
          const lost = this.#lost();
          if (lost.length > 0) giveUp(lost.map(({ casualty }) => casualty));
        },
      });
    this.#supervisor = supervisor && child('supervisor', supervisor);
    this.#workers = workers.map((program, index) => child(`worker ${index + 1}`, program));
  }

  /** What the processes told when they were last ready. */
  get reports(): PoolReports {
    return {
      supervisor: this.#supervisor && this.#reports.get(this.#supervisor.name),
      workers: this.#workers.filter(({ vacant }) => !vacant).map(({ name }) => this.#reports.get(name)),
    };
  }

  /** Every place of the pool, the supervisor last: it looks after the others, so it is replaced after them. */
  get children(): readonly KeptChild[] {
    return this.#supervisor ? [...this.#workers, this.#supervisor] : this.#workers;
  }

  /** The children to give up for; empty while the pool should go on. */
  #lost(): KeptChild[] {
    const roleOf = (child: KeptChild): Slot['role'] => (child === this.#supervisor ? 'supervisor' : 'worker');
    const slots = this.#filled().map((child) => ({ child, role: roleOf(child), looping: child.looping }));
    const verdict = decideGiveUp(slots);
    const lost = slots.filter(({ role, looping }) => looping && (role === 'supervisor') === (verdict === 'supervisor'));
    return verdict === undefined ? [] : lost.map(({ child }) => child);
  }

  /** How many workers are wanted. */
  get wanted(): number {
    return this.#wanted;
  }

  start(): void {
    this.#supervisor?.start();
    this.resize(this.#wanted);
  }

  /**
   * Runs so many workers from now on, as far as there are places. New ones start at once; those that are too many end after their last job,
   * so that nothing is interrupted. An operator who has drained one has said that one fewer is wanted: its place counts as filled.
   */
  resize(wanted: number): void {
    this.#wanted = Math.max(0, Math.min(wanted, this.#workers.length));
    const filled = this.#workers.filter(({ vacant }) => !vacant);
    // A place whose last process still runs has its port: it is the last choice.
    const vacant = this.#workers.filter((place) => place.vacant).sort((a, b) => Number(a.leaving) - Number(b.leaving));
    for (const place of vacant.slice(0, Math.max(0, this.#wanted - filled.length))) place.start();
    for (const place of filled.slice(this.#wanted)) place.vacate();
  }

  #filled(): KeptChild[] {
    return this.children.filter(({ vacant }) => !vacant);
  }

  /** Lets all workers drain at the same time, and the supervisor end after them: it looks after them to the last. */
  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await this.#supervisor?.stop();
  }

  /** Ends every process at once. */
  async kill(): Promise<void> {
    await Promise.all(this.children.map((child) => child.kill()));
  }
}
