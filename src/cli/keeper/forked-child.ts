import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Logger } from 'pino';
import type { Environment } from '../../config/env.js';
import type { CrashRecord } from '../../recovery/crash-record.js';
import type { Clock } from '../../time/clock.js';
import { within } from '../../time/deadline.js';
import { type KeeperMessage, parseChildMessage } from '../process/keeper-message.js';
import type { ReadyReport } from '../process/ready-report.js';
import { ChildOutput, type PoolOutput } from './child-output.js';
import type { Life } from './decide-restart.js';
import { lastWords } from './last-words.js';

/** What a child runs. */
export interface ChildProgram {
  /** The module that is run. */
  readonly module: string;
  readonly args: readonly string[];
  readonly env: Environment;
}

export interface ForkedChildOptions {
  readonly program: ChildProgram;
  /** How long it may drain before it is killed. */
  readonly killGraceMs: number;
  readonly output: PoolOutput;
  readonly clock: Clock;
  /** Says in every line whose process this is. */
  readonly log: Logger;
  readonly onReady: (report: ReadyReport) => void;
  /** Told when it asks that a new process take its place. */
  readonly onReplaceWish: (reason: string) => void;
}

/** How a process ended. */
export interface ChildEnd {
  readonly life: Life;
  readonly record: CrashRecord;
}

/** How long the last lines of a process that ended are waited for: only a grandchild that holds its output takes longer. */
const lastWordsMs = 500;

/** One process of the pool, from its start to its end. */
export class ForkedChild {
  /** Resolves when it is ready; never when it ends before. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended and its output was read. */
  readonly ended: Promise<ChildEnd>;
  readonly #options: ForkedChildOptions;
  readonly #child: ChildProcess | undefined;
  readonly #startedAt: number;
  #beReady: () => void = () => undefined;
  #report: ReadyReport | undefined;
  #leaving = false;
  #leavesForGood = false;
  #stopping: Promise<void> | undefined;

  constructor(options: ForkedChildOptions) {
    this.#options = options;
    const { clock, log, output } = options;
    this.#startedAt = clock.elapsed();
    const startedAt = clock.now();
    this.ready = new Promise((resolve) => {
      this.#beReady = resolve;
    });
    this.#child = this.#fork();
    const { stdout = null, stderr = null } = this.#child ?? {};
    const said = new ChildOutput({ stdout, stderr }, output);
    this.ended = this.#untilExit().then(async ({ exitCode, signal }) => {
      const life = { startedAt: this.#startedAt, endedAt: clock.elapsed() };
      const endedAt = clock.now();
      await within(lastWordsMs, Promise.all([said.ended, this.#untilDisconnected()]));
      return { life, record: { exitCode, signal, startedAt, endedAt, lines: lastWords(said.tail) } };
    });
    this.#child?.on('message', (message) => this.#onMessage(message));
    log.debug({ childPid: this.pid }, 'child.started');
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** What it told when it was ready; undefined before. */
  get report(): ReadyReport | undefined {
    return this.#report;
  }

  /** Whether it ends on purpose: it was asked to, by us or by somebody else. */
  get leaving(): boolean {
    return this.#leaving;
  }

  /** Whether its place is to stay empty: an operator had it drained. */
  get leavesForGood(): boolean {
    return this.#leavesForGood;
  }

  /** Whether its process is there. */
  get alive(): boolean {
    return this.pid !== undefined && this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  get livedMs(): number {
    return this.#options.clock.elapsed() - this.#startedAt;
  }

  /**
   * Lets it drain, and kills it when that takes too long. Safe to call twice.
   *
   * @param handOver - whether its successor already runs and waits for its port.
   */
  stop(handOver = false): Promise<void> {
    this.#leaving = true;
    this.#stopping ??= this.#drain(handOver);
    return this.#stopping;
  }

  /** Lets it take no more jobs and end after the last one, however long that takes. */
  retire(): void {
    this.#leaving = true;
    this.#tell({ bulwark: 'retire' });
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.#leaving = true;
    this.#child?.kill('SIGKILL');
    await this.ended;
  }

  /** Undefined when the system has no room for another process now. */
  #fork(): ChildProcess | undefined {
    const { program, log } = this.#options;
    try {
      return fork(program.module, program.args, {
        env: { ...program.env },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
    } catch (err) {
      log.warn({ err }, 'child.error');
      return undefined;
    }
  }

  #untilExit(): Promise<Pick<CrashRecord, 'exitCode' | 'signal'>> {
    const child = this.#child;
    if (child === undefined) return Promise.resolve({ exitCode: null, signal: null });
    return new Promise((resolve) => {
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
      child.on('error', (err) => {
        this.#options.log.warn({ err }, 'child.error');
        // Also a message that cannot be delivered is an error; only a child that never came to be has no pid, and no exit.
        if (child.pid === undefined) resolve({ exitCode: null, signal: null });
      });
    });
  }

  /** What it told us before its end may still be in the channel. */
  #untilDisconnected(): Promise<unknown> {
    const child = this.#child;
    return child?.connected ? once(child, 'disconnect') : Promise.resolve();
  }

  #onMessage(given: unknown): void {
    const message = parseChildMessage(given);
    switch (message?.bulwark) {
      case 'ready':
        this.#report = message.report;
        this.#beReady();
        this.#options.onReady(message.report);
        return;
      case 'replace':
        this.#options.onReplaceWish(message.reason);
        return;
      case 'stopping':
        this.#leaving = true;
        this.#leavesForGood = message.forGood;
        return;
      case undefined:
    }
  }

  async #drain(handOver: boolean): Promise<void> {
    const { killGraceMs, log } = this.#options;
    this.#tell({ bulwark: 'stop', handOver });
    const overdue = setTimeout(() => {
      log.error({ childPid: this.pid, killGraceMs }, 'child.killed');
      this.#child?.kill('SIGKILL');
    }, killGraceMs);
    await this.ended;
    clearTimeout(overdue);
  }

  /** Whoever cannot be told hears a signal. */
  #tell(message: KeeperMessage): void {
    const child = this.#child;
    if (!child?.connected) {
      child?.kill('SIGTERM');
      return;
    }
    child.send(message, (error) => {
      if (error) child.kill('SIGTERM');
    });
    // One that closed its channel in the same moment has not heard it. To an end that is its own, the signal comes too late.
    child.once('disconnect', () => child.kill('SIGTERM'));
  }
}
