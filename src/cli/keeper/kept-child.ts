import { type ChildProcess, fork } from 'node:child_process';
import type { Logger } from 'pino';
import type { Environment } from '../../config/env.js';
import type { Clock } from '../../time/clock.js';
import { exitCodes } from '../exit-code.js';
import { parseReadyMessage, type StopMessage } from '../process/keeper-message.js';
import type { ReadyReport } from '../process/ready-report.js';
import {
  decideRestart,
  earlyDeaths,
  inCrashLoop,
  type Life,
  livesThatCount,
  type RestartPolicy,
} from './decide-restart.js';
import type { Casualty } from './pool-gave-up-error.js';

/** What a child runs. */
export interface ChildProgram {
  /** The module that is run. */
  readonly module: string;
  readonly args: readonly string[];
  readonly env: Environment;
  /** Whether what it writes to stdout goes to our stderr, because stdout is for a document. */
  readonly stdoutToStderr: boolean;
}

export interface KeptChildOptions {
  /** Shown in logs: `worker 2`. */
  readonly name: string;
  readonly program: ChildProgram;
  readonly policy: RestartPolicy;
  /** How long a child may drain before it is killed. */
  readonly killGraceMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Told each time its process is ready. */
  readonly onReady: (report: ReadyReport) => void;
  /** Told when its first process says that it is used wrongly: starting it again cannot help. */
  readonly onHopeless: (exitCode: number) => void;
  /** Told each time it died as soon as it was started, for the third time in a row or more. */
  readonly onCrashLoop: () => void;
}

/**
 * One of a pool's processes, kept alive: started again when it dies, after a pause that grows, until it is told to stop.
 *
 * States: *not started* → *running* ⇄ *pausing* → *stopping* → *stopped*.
 */
export class KeptChild {
  readonly #options: KeptChildOptions;
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #pause: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #lives: Life[] = [];
  #everReady = false;
  #lastEnd: Pick<Casualty, 'exitCode' | 'signal'> = { exitCode: null, signal: null };
  #stopping = false;

  constructor(options: KeptChildOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** Whether its process dies as soon as it is started. */
  get looping(): boolean {
    return inCrashLoop(this.#lives, this.#child && this.#options.clock.elapsed() - this.#startedAt);
  }

  /** What there is to say of its deaths. */
  get casualty(): Casualty {
    return { name: this.name, deaths: earlyDeaths(this.#lives), ...this.#lastEnd };
  }

  start(): void {
    if (this.#child || this.#stopping) return;
    const { clock, log, name, onReady } = this.#options;
    this.#startedAt = clock.elapsed();
    const child = this.#fork();
    if (child === undefined) {
      this.#onExit(undefined, null, null);
      return;
    }
    this.#child = child;
    this.#gone = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        if (this.#child !== child) return;
        this.#child = undefined;
        resolve();
        this.#onExit(child.pid, code, signal);
      };
      child.once('exit', end);
      child.on('error', (error) => {
        log.warn({ child: name, err: error }, 'child.error');
        // Also a message that cannot be delivered is an error; only a child that never came to be has no pid, and no exit.
        if (child.pid === undefined) end(null, null);
      });
    });
    child.on('message', (message) => {
      const report = parseReadyMessage(message);
      if (report === undefined) return;
      this.#everReady = true;
      onReady(report);
    });
    log.debug({ child: name, childPid: child.pid }, 'child.started');
  }

  /** Undefined when the system has no room for another process now. */
  #fork(): ChildProcess | undefined {
    const { program, log, name } = this.#options;
    try {
      return fork(program.module, program.args, {
        env: { ...program.env },
        stdio: ['ignore', program.stdoutToStderr ? 2 : 'inherit', 'inherit', 'ipc'],
      });
    } catch (err) {
      log.warn({ child: name, err }, 'child.error');
      return undefined;
    }
  }

  /** Lets the child drain, kills it when that takes too long, and starts no other. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pause);
    const child = this.#child;
    if (!child) return;
    this.#askToStop(child);
    const { killGraceMs, log, name } = this.#options;
    const overdue = setTimeout(() => {
      log.error({ child: name, childPid: child.pid, killGraceMs }, 'child.killed');
      child.kill('SIGKILL');
    }, killGraceMs);
    await this.#gone;
    clearTimeout(overdue);
  }

  /** Ends the child at once and starts no other. */
  async kill(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pause);
    this.#child?.kill('SIGKILL');
    await this.#gone;
  }

  #askToStop(child: ChildProcess): void {
    if (!child.connected) {
      child.kill('SIGTERM');
      return;
    }
    child.send({ bulwark: 'stop' } satisfies StopMessage, (error) => {
      if (error) child.kill('SIGTERM');
    });
  }

  #onExit(childPid: number | undefined, code: number | null, signal: NodeJS.Signals | null): void {
    const { name, log, clock, policy, random, onHopeless, onCrashLoop } = this.#options;
    if (this.#stopping) {
      log.debug({ child: name, childPid, code, signal }, 'child.ended');
      return;
    }
    if (code === exitCodes.usage && !this.#everReady) {
      this.#stopping = true;
      log.error({ child: name, childPid, code }, 'child.hopeless');
      onHopeless(code);
      return;
    }
    this.#lastEnd = { exitCode: code, signal };
    this.#lives = [...this.#lives, { startedAt: this.#startedAt, endedAt: clock.elapsed() }].slice(-livesThatCount);
    const { delayMs, reason } = decideRestart(this.#lives, policy, random());
    const restartInMs = Math.round(delayMs);
    if (reason === 'crash-loop') {
      log.error(
        { child: name, childPid, code, signal, restartInMs },
        `child.crash_loop: ${name} dies as soon as it is started; the lines above say why`,
      );
    } else {
      log.warn({ child: name, childPid, code, signal, restartInMs, reason }, 'child.exited');
    }
    this.#pause = setTimeout(() => this.start(), delayMs);
    if (reason === 'crash-loop') onCrashLoop();
  }
}
