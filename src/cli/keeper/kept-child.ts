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
  /** How long a replacement may take to be ready before it is given up. */
  readonly readyWithinMs: number;
  readonly output: PoolOutput;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/**
 * `replaced`: a new process is ready and the old one has ended. `failed`: no new one became ready, and the old one goes on.
 * `vacant`: nobody is wanted there. `stopping`: the pool ends.
 */
export type Replacement = 'replaced' | 'failed' | 'vacant' | 'stopping';

/** One wish of a process to be replaced is granted in so long: it may be one that wishes it as soon as it is started. */
const wishPaceMs = 10_000;
/** The report of a death comes before the next life, but a Redis that is away holds up no restart. */
const crashReportMs = 250;

/**
 * One of a pool's places for a process, kept filled: another is started when it dies, after a pause that grows, until it is
 * told to stop.
 *
 * States: *vacant* ⇄ *running* ⇄ *pausing* → *stopping* → *stopped*. While it is replaced, the place has two processes:
 * first the new one starts beside the old one, then the old one drains beside the new one. A place that is vacated keeps its process
 * until that has ended its last job, also while the next one runs there already.
 */
export class KeptChild {
  readonly #options: KeptChildOptions;
  #current: ForkedChild | undefined;
  /** Starts, to take the place of the current one. */
  #next: ForkedChild | undefined;
  /** Had the place, or could not have it, and end. */
  readonly #leaving = new Set<ForkedChild>();
  #replacing: Promise<Replacement> | undefined;
  #wishGrantedAt = Number.NEGATIVE_INFINITY;
  #pause: NodeJS.Timeout | undefined;
  #lives: Life[] = [];
  #lastDeath: CrashRecord | undefined;
  #everReady = false;
  #vacant = true;
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

  /** Whether nobody is wanted there. */
  get vacant(): boolean {
    return this.#vacant;
  }

  /** Whether a process is there that is not wanted any more, and has not ended yet. */
  get leaving(): boolean {
    return this.#leaving.size > 0;
  }

  /** Wants a process there, and starts one unless one is there. */
  start(): void {
    this.#vacant = false;
    this.#fill();
  }

  /**
   * Wants nobody there: the process takes no more jobs and ends after its last one, however long that takes. Nothing is interrupted.
   * `start` fills the place again.
   */
  vacate(): void {
    this.#vacant = true;
    clearTimeout(this.#pause);
    const child = this.#current;
    if (child === undefined) return;
    this.#current = undefined;
    this.#retire(child);
  }

  #fill(): void {
    clearTimeout(this.#pause);
    if (this.#current || this.#next || this.#vacant || this.#stopping) return;
    // One that left the place on purpose may still close its port.
    this.#current = this.#fork({ takesOver: this.#leaving.size > 0 });
  }

  /**
   * Gives the place to a new process, without a gap: the old one is asked to drain when the new one is ready, and goes on when
   * that does not become ready. While one replacement is under way, another is the same one.
   */
  replace(why: string): Promise<Replacement> {
    this.#replacing ??= this.#replace(why).finally(() => {
      this.#replacing = undefined;
    });
    return this.#replacing;
  }

  /** Lets all its processes drain, kills those that take too long, and starts no other. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pause);
    await Promise.all(this.#processes().map((child) => child.stop()));
  }

  /** Ends all its processes at once and starts no other. */
  async kill(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pause);
    await Promise.all(this.#processes().map((child) => child.kill()));
  }

  #processes(): ForkedChild[] {
    return [this.#current, this.#next, ...this.#leaving].filter((child) => child !== undefined);
  }

  async #replace(why: string): Promise<Replacement> {
    if (this.#stopping) return 'stopping';
    if (this.#vacant) return 'vacant';
    const { log, name, readyWithinMs } = this.#options;
    clearTimeout(this.#pause);
    const next = this.#fork({ takesOver: true });
    this.#next = next;
    log.info({ childPid: this.#current?.pid, nextPid: next.pid, why }, 'child.replacing');
    await within(readyWithinMs, Promise.race([next.ready, next.ended]));
    this.#next = undefined;
    if (this.#stopping) return 'stopping';
    if (this.#vacant) {
      // It may have taken jobs.
      this.#retire(next);
      return 'vacant';
    }
    if (next.report === undefined || !next.alive) {
      log.error(
        { nextPid: next.pid, why, readyWithinMs },
        `child.replace_failed: the new process of ${name} ${next.alive ? 'is not ready in time' : 'has ended'}${this.#current ? ', the old one goes on' : ''}`,
      );
      await this.#letGo(next);
      if (this.#current === undefined) this.#startLater({ childPid: next.pid, why });
      return 'failed';
    }
    const old = this.#current;
    this.#current = next;
    if (old) await this.#letGo(old);
    log.info({ childPid: next.pid, why }, 'child.replaced');
    return 'replaced';
  }

  #retire(child: ForkedChild): void {
    this.#leaving.add(child);
    child.retire();
    void child.ended.then(() => this.#leaving.delete(child));
  }

  async #letGo(child: ForkedChild): Promise<void> {
    this.#leaving.add(child);
    await child.stop(true);
    this.#leaving.delete(child);
  }

  #onReplaceWish(child: ForkedChild, reason: string): void {
    const { clock, log } = this.#options;
    if (child !== this.#current || this.#stopping) return;
    const now = clock.elapsed();
    const granted = now - this.#wishGrantedAt >= wishPaceMs;
    log.warn({ childPid: child.pid, reason, granted }, 'child.wants_replacement');
    if (!granted) return;
    this.#wishGrantedAt = now;
    void this.replace(reason);
  }

  #fork({ takesOver }: { readonly takesOver: boolean }): ForkedChild {
    const { program, killGraceMs, output, clock, log, onReady } = this.#options;
    const child: ForkedChild = new ForkedChild({
      program: takesOver ? { ...program, args: [...program.args, '--takes-over'] } : program,
      killGraceMs,
      output,
      clock,
      log,
      onReady: (report) => {
        this.#everReady = true;
        // One that was given up on may become ready after all, while it ends.
        if (child === this.#current || child === this.#next) onReady(report);
      },
      onReplaceWish: (reason) => this.#onReplaceWish(child, reason),
    });
    void child.ended.then((end) => this.#onEnd(child, end));
    return child;
  }

  async #onEnd(child: ForkedChild, { life, record }: ChildEnd): Promise<void> {
    const { log, onCrash, onHopeless } = this.#options;
    const facts = { childPid: child.pid, code: record.exitCode, signal: record.signal };
    const hadThePlace = child === this.#current;
    if (hadThePlace) this.#current = undefined;
    if (!hadThePlace || this.#stopping) {
      log.debug(facts, 'child.ended');
    } else if (child.leavesForGood) {
      log.warn(facts, 'child.retired');
    } else if (child.leaving && child.report) {
      // Somebody else asked it to drain. That was no crash, and the place is not to stay empty. One that leaves before it is ready
      // does so by itself, and may do it again.
      log.info(facts, 'child.left');
      this.#fill();
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
    if (this.#current || this.#vacant || this.#stopping) return;
    const { name, log, policy, random, onCrashLoop } = this.#options;
    if (this.#next) {
      log.warn({ ...facts, nextPid: this.#next.pid }, 'child.exited');
      return;
    }
    const { delayMs, reason } = decideRestart(this.#lives, policy, random());
    const restart = { ...facts, restartInMs: Math.round(delayMs), reason };
    if (reason !== 'crash-loop') log.warn(restart, 'child.exited');
    else log.error(restart, `child.crash_loop: ${name} dies as soon as it is started; the lines above say why`);
    this.#pause = setTimeout(() => this.#fill(), delayMs);
    if (reason === 'crash-loop') onCrashLoop();
  }
}
