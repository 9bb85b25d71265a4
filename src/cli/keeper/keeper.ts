import type { ReadyReport } from '../process/ready-report.js';
import type { PoolPrograms } from './child-programs.js';
import { decideGiveUp, type Slot } from './decide-give-up.js';
import type { ChildProgram } from './forked-child.js';
import type { ChildNews, KeptChild } from './kept-child.js';
import type { Casualty } from './pool-gave-up-error.js';

/** The processes of a pool, by what they were given to do. */
export interface PoolReports {
  readonly supervisor: ReadyReport | undefined;
  /** In the order of the workers; undefined for one that is not ready. */
  readonly workers: readonly (ReadyReport | undefined)[];
}

/** How a child is made: the keeper says for what, and what it wants to be told. */
export type CreateChild = (name: string, program: ChildProgram, news: Omit<ChildNews, 'onCrash'>) => KeptChild;

/** A supervisor and some workers, each in a process of its own, kept alive until the pool stops. */
export class Keeper {
  /** Resolves when every process has been ready once. */
  readonly ready: Promise<void>;
  /** Resolves when a process can never run as it was started, with its name and exit code. */
  readonly hopeless: Promise<{ readonly name: string; readonly exitCode: number }>;
  /** Resolves when too much of the pool dies as soon as it is started, with what it was. */
  readonly gaveUp: Promise<readonly Casualty[]>;
  readonly #supervisor: KeptChild;
  readonly #workers: readonly KeptChild[];
  readonly #reports = new Map<string, ReadyReport>();

  constructor({ supervisor, workers }: PoolPrograms, createChild: CreateChild) {
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
          if (this.#reports.size === workers.length + 1) allReady();
        },
        onHopeless: (exitCode) => loseHope({ name, exitCode }),
        onCrashLoop: () => {
          const lost = this.#lost();
          if (lost.length > 0) giveUp(lost.map(({ casualty }) => casualty));
        },
      });
    this.#supervisor = child('supervisor', supervisor);
    this.#workers = workers.map((program, index) => child(`worker ${index + 1}`, program));
  }

  /** What the processes told when they were last ready. */
  get reports(): PoolReports {
    return {
      supervisor: this.#reports.get(this.#supervisor.name),
      workers: this.#workers.map(({ name }) => this.#reports.get(name)),
    };
  }

  /** The children to give up for; empty while the pool should go on. */
  #lost(): KeptChild[] {
    const slot = (role: Slot['role'], { looping }: KeptChild): Slot => ({ role, looping });
    const verdict = decideGiveUp([
      slot('supervisor', this.#supervisor),
      ...this.#workers.map((worker) => slot('worker', worker)),
    ]);
    if (verdict === undefined) return [];
    return verdict === 'supervisor' ? [this.#supervisor] : this.#workers.filter(({ looping }) => looping);
  }

  /** The order in which they may be restarted: the supervisor last, because it looks after the others. */
  get restartOrder(): readonly KeptChild[] {
    return [...this.#workers, this.#supervisor];
  }

  start(): void {
    this.#supervisor.start();
    for (const worker of this.#workers) worker.start();
  }

  /** Lets all workers drain at the same time, and the supervisor end after them: it looks after them to the last. */
  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await this.#supervisor.stop();
  }

  /** Ends every process at once. */
  async kill(): Promise<void> {
    await Promise.all([this.#supervisor, ...this.#workers].map((child) => child.kill()));
  }
}
