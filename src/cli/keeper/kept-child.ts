import type { Logger } from 'pino';
import type { CrashRecord } from '../../recovery/crash-record.js';
import type { Clock } from '../../time/clock.js';
import { within } from '../../time/deadline.js';
import { exitCodes } from '../exit-code.js';
import type { ReadyReport } from '../process/ready-report.js';
import type { PoolOutput } from './child-output.js';
import {
  decideRestart,
  earlyDeaths,
  inCrashLoop,
  type Life,
  livesThatCount,
  type RestartPolicy,
} from './decide-restart.js';
import { type ChildEnd, type ChildProgram, ForkedChild } from './forked-child.js';
import type { Casualty } from './pool-gave-up-error.js';

/** What is done about the news of a child. */
export interface ChildNews {
  /** Told each time its process is ready. */
  readonly onReady: (report: ReadyReport) => void;
  /** Told when its first process says that it is used wrongly: starting it again cannot help. */
  readonly onHopeless: (exitCode: number) => void;
  /** Told each time it died as soon as it was started, for the third time in a row or more. */
  readonly onCrashLoop: () => void;
  /** Told when a process that was ready has died. It is started again once that is done with, or soon anyway. */
  readonly onCrash: (report: ReadyReport, record: CrashRecord) => Promise<void>;
}

export interface KeptChildOptions extends ChildNews {
  /** Shown in logs: `worker 2`. */
  readonly name: string;
  readonly program: ChildProgram;
  readonly policy: RestartPolicy;
  /** How long a child may drain before it is killed. */
  readonly killGraceMs: number;
  readonly output: PoolOutput;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** The report of a death comes before the next life, but a Redis that is away holds up no restart. */
const crashReportMs = 250;

/**
 * One of a pool's places for a process, kept filled: another is started when it dies, after a pause that grows, until it is
 * told to stop.
 *
 * States: *not started* → *running* ⇄ *pausing* → *stopping* → *stopped*.
 */
export class KeptChild {
  readonly #options: KeptChildOptions;
  #current: ForkedChild | undefined;
  #pause: NodeJS.Timeout | undefined;
  #lives: Life[] = [];
  #lastDeath: CrashRecord | undefined;
  #everReady = false;
  #stopping = false;

  constructor(options: KeptChildOptions) {
    this.#options = { ...options, log: options.log.child({ child: options.name }) };
  }

  get name(): string {
    return this.#options.name;
  }

  /** Whether its process dies as soon as it is started. */
  get looping(): boolean {
    return inCrashLoop(this.#lives, this.#current?.livedMs);
  }

  /** What there is to say of its deaths. */
  get casualty(): Casualty {
    const { exitCode = null, signal = null, lines = [] } = this.#lastDeath ?? {};
    return { name: this.name, deaths: earlyDeaths(this.#lives), exitCode, signal, lines };
  }

  start(): void {
    clearTimeout(this.#pause);
    if (this.#current || this.#stopping) return;
    this.#current = this.#fork();
  }

  /** Lets the child drain, kills it when that takes too long, and starts no other. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pause);
    await this.#current?.stop();
  }

  /** Ends the child at once and starts no other. */
  async kill(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pause);
    await this.#current?.kill();
  }

  #fork(): ForkedChild {
    const { program, killGraceMs, output, clock, log, onReady } = this.#options;
    const child = new ForkedChild({
      program,
      killGraceMs,
      output,
      clock,
      log,
      onReady: (report) => {
        this.#everReady = true;
        onReady(report);
      },
    });
    void child.ended.then((end) => this.#onEnd(child, end));
    return child;
  }

  async #onEnd(child: ForkedChild, { life, record }: ChildEnd): Promise<void> {
    const { log, onCrash, onHopeless } = this.#options;
    this.#current = undefined;
    const facts = { childPid: child.pid, code: record.exitCode, signal: record.signal };
    if (this.#stopping) {
      log.debug(facts, 'child.ended');
    } else if (child.leaving) {
      // Somebody else asked it to drain. That was no crash, and the place is not to stay empty.
      log.info(facts, 'child.left');
      this.start();
    } else if (record.exitCode === exitCodes.usage && !this.#everReady) {
      this.#stopping = true;
      log.error(facts, 'child.hopeless');
      onHopeless(record.exitCode);
    } else {
      this.#lives = [...this.#lives, life].slice(-livesThatCount);
      this.#lastDeath = record;
      if (child.report) await within(crashReportMs, onCrash(child.report, record));
      this.#startLater(facts);
    }
  }

  #startLater(facts: object): void {
    if (this.#current || this.#stopping) return;
    const { name, log, policy, random, onCrashLoop } = this.#options;
    const { delayMs, reason } = decideRestart(this.#lives, policy, random());
    const restart = { ...facts, restartInMs: Math.round(delayMs), reason };
    if (reason !== 'crash-loop') log.warn(restart, 'child.exited');
    else log.error(restart, `child.crash_loop: ${name} dies as soon as it is started; the lines above say why`);
    this.#pause = setTimeout(() => this.start(), delayMs);
    if (reason === 'crash-loop') onCrashLoop();
  }
}
