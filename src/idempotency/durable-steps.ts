import { setMaxListeners } from 'node:events';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { Cancellation } from '../job/cancellation.js';
import { assertName, DefinitionError } from '../job/definition-error.js';
import type { StepContext } from '../job/job-context.js';
import { LeaseLostError } from '../job/lease-lost-error.js';
import type { Clock } from '../time/clock.js';
import { decideStep } from './decide-step.js';
import {
  RunEndedError,
  StepNameTakenError,
  StepResultError,
  StepsChangedError,
  StepsUnreadableError,
  TooManyStepsError,
} from './step-errors.js';
import { decodeStepResult, encodeStepResult } from './step-result.js';
import { type DoneStep, maxSteps, type StepEntry, type StepOwner, type StepStore } from './step-store.js';
import { untilAnswered } from './until-answered.js';

export interface StepLimits {
  /** Largest result of a step, as JSON. */
  readonly maxStepBytes: number;
  /** Largest sum of what a job remembers of its steps. */
  readonly maxStepsBytes: number;
}

export interface DurableStepsOptions {
  readonly job: StepOwner;
  /** Whether the job may have done steps in an earlier run; if not, nobody asks Redis for them. */
  readonly mayHaveSteps: boolean;
  readonly store: Pick<StepStore, 'load' | 'save'>;
  readonly limits: StepLimits;
  readonly cancellation: Cancellation;
  readonly clock: Clock;
  readonly effectKey: (name: string) => string;
  /** @defaultValue 5 s */
  readonly patienceMs?: number;
}

/** What is to be said of the steps of a run that has ended. */
export interface StepsLeft {
  /** Done in an earlier run, and not asked for in this one. */
  readonly unused: readonly string[];
  /** Still running when the handler had ended. */
  readonly unawaited: readonly string[];
}

/**
 * How long a new step waits for those that are done to be asked for, while the run asks for none and works on none. Too short: a branch
 * that has something else to wait for before its step looks like changed code. Too long: code that did change holds its slot for nothing.
 */
const defaultPatienceMs = 5_000;

/**
 * The durable steps of one run of a job.
 *
 * A step is *asked* for, perhaps *waits* until the steps that are done have been asked for, *runs*, and is *done* once Redis has its
 * result. One that was done in an earlier run is *replayed*: asked for and answered.
 */
export class DurableSteps {
  readonly #options: DurableStepsOptions;
  /** Aborted with the run, and when it ends. */
  readonly #life = new AbortController();
  #loading: Promise<void> | undefined;
  /** Results of the steps that are done, as JSON. */
  readonly #done = new Map<string, string>();
  /** Steps begun that an entry tells of. */
  readonly #begun = new Set<string>();
  /** Steps begun in this run that no entry tells of yet. */
  readonly #untold = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #running = new Set<string>();
  /** Told whenever a step is asked for or has ended. */
  readonly #waiting = new Set<() => void>();
  /** The step whose function is being called. */
  #entering: string | undefined;
  #bytes = 0;

  constructor(options: DurableStepsOptions) {
    this.#options = options;
    // Every step that runs listens to it, and a thousand may.
    setMaxListeners(0, this.#life.signal);
    const { signal } = options.cancellation;
    const abort = () => this.#life.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }

  /** Runs a step, or answers what it did in an earlier run. See `JobContext.step`. */
  step<T>(name: string, fn: (step: StepContext) => Promise<T> | T): Promise<T> {
    const result = this.#step(name, fn);
    // One that nobody awaits is told of when the run ends; its failure must not end the process.
    result.catch(() => undefined);
    return result;
  }

  /**
   * Ends the run when the steps that still run have ended, for as long as that may take: of several at once one may have failed, and what
   * the others do is to be remembered. After that no step begins, and none is remembered.
   */
  async end(withinMs: number): Promise<StepsLeft> {
    const { job, clock } = this.#options;
    const unawaited = [...this.#running];
    const lastMoment = clock.elapsed() + withinMs;
    while (this.#running.size > 0 && !this.#life.signal.aborted) {
      if (!(await this.#nextMove(Math.max(0, lastMoment - clock.elapsed())))) break;
    }
    this.#life.abort(new RunEndedError(job.id));
    return { unused: [...this.#done.keys()].filter((name) => !this.#asked.has(name)), unawaited };
  }

  async #step<T>(name: string, fn: (step: StepContext) => Promise<T> | T): Promise<T> {
    const { job, mayHaveSteps } = this.#options;
    this.#life.signal.throwIfAborted();
    assertName('the name of a step', name);
    if (typeof fn !== 'function') throw new DefinitionError(`the step '${name}' needs a function that does its work`);
    if (this.#entering !== undefined) {
      throw new DefinitionError(
        `the step '${name}' is asked for inside of the step '${this.#entering}', and steps do not nest: when the outer one is done nobody asks for the inner one any more; do one after the other`,
      );
    }
    if (this.#asked.has(name)) throw new StepNameTakenError(job.id, name);
    this.#asked.add(name);
    this.#tellWaiting();
    if (mayHaveSteps) {
      this.#loading ??= this.#load();
      await this.#loading;
    }
    const known = this.#done.get(name) ?? (await this.#admit(name));
    return (known === undefined ? await this.#run(name, fn) : decodeStepResult(known)) as T;
  }

  async #load(): Promise<void> {
    const { store, job } = this.#options;
    for (const step of await untilAnswered(() => store.load(job.id), this.#life.signal)) this.#remember(step);
  }

  #remember(step: DoneStep): void {
    const { entry, json } = step;
    this.#done.set(entry.name, json);
    for (const name of entry.begun ?? []) this.#begun.add(name);
    this.#bytes += bytesOf(step);
  }

  /** Lets a step begin as soon as the steps that are done have found their place in this run. */
  async #admit(name: string): Promise<undefined> {
    const { job, patienceMs = defaultPatienceMs } = this.#options;
    const state = { done: this.#done, begun: this.#begun, asked: this.#asked };
    if (decideStep(name, state).kind === 'wait') {
      // What is asked for in the same turn of the event loop is asked for together.
      await turnOfTheLoop();
      for (;;) {
        this.#life.signal.throwIfAborted();
        const decision = decideStep(name, state);
        if (decision.kind !== 'wait') break;
        const moved = await this.#nextMove(patienceMs);
        if (!moved && this.#running.size === 0) throw new StepsChangedError(job.id, name, decision.missing);
      }
    }
    this.#life.signal.throwIfAborted();
    const unsaved = [...this.#running].filter((step) => !this.#done.has(step));
    if (this.#done.size + unsaved.length >= maxSteps) throw new TooManyStepsError(job.id, name, maxSteps);
  }

  async #run<T>(name: string, fn: (step: StepContext) => Promise<T> | T): Promise<unknown> {
    const { effectKey } = this.#options;
    this.#running.add(name);
    if (!this.#begun.has(name)) this.#untold.add(name);
    try {
      const value = await this.#enter(name, () => fn({ effectKey: effectKey(name), signal: this.#life.signal }));
      const json = encodeStepResult(name, value);
      await this.#save(name, json);
      return decodeStepResult(json);
    } finally {
      this.#running.delete(name);
      this.#tellWaiting();
    }
  }

  /** Notes which step is entered for as long as that can be told: until its function waits for the first time. */
  #enter<T>(name: string, fn: () => T): T {
    this.#entering = name;
    try {
      return fn();
    } finally {
      this.#entering = undefined;
    }
  }

  async #save(name: string, json: string): Promise<void> {
    const { store, job, cancellation, clock } = this.#options;
    const begun = [...this.#untold].filter((step) => step !== name);
    const entry: StepEntry = { name, at: clock.now(), ...(begun.length > 0 && { begun }) };
    const step: DoneStep = { entry, json };
    this.#assertFits(step);
    this.#remember(step);
    this.#untold.clear();
    switch (await untilAnswered(() => store.save(job, step), this.#life.signal)) {
      case 'remembered':
        return;
      case 'unreadable':
        throw new StepsUnreadableError(job.id, 'the list of steps is none');
      case 'lease_lost': {
        const lost = new LeaseLostError(job.id);
        // A run that has ended has given its lease back by itself.
        if (!this.#life.signal.aborted) cancellation.abort(lost);
        throw lost;
      }
    }
  }

  #assertFits(step: DoneStep): void {
    const { maxStepBytes, maxStepsBytes } = this.#options.limits;
    const { name } = step.entry;
    const bytes = Buffer.byteLength(step.json);
    if (bytes > maxStepBytes) {
      throw new StepResultError(name, `its result has ${bytes} bytes as JSON, at most ${maxStepBytes} are kept`);
    }
    const sum = this.#bytes + bytesOf(step);
    if (sum > maxStepsBytes) {
      throw new StepResultError(
        name,
        `with its ${bytes} bytes the steps of the job would take ${sum} bytes, at most ${maxStepsBytes} are kept`,
      );
    }
  }

  /** Resolves when a step is asked for or has ended, with false when neither happens in time; at once when the run is over. */
  async #nextMove(withinMs: number): Promise<boolean> {
    const { signal } = this.#life;
    return new Promise((resolve) => {
      const end = (moved: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(onMove);
        signal.removeEventListener('abort', onMove);
        resolve(moved);
      };
      const onMove = () => end(true);
      const timer = setTimeout(end, withinMs, false);
      this.#waiting.add(onMove);
      signal.addEventListener('abort', onMove, { once: true });
    });
  }

  #tellWaiting(): void {
    for (const tell of [...this.#waiting]) tell();
  }
}

/** What a step takes of the memory of Redis. */
function bytesOf({ entry, json }: DoneStep): number {
  return Buffer.byteLength(json) + Buffer.byteLength(JSON.stringify(entry));
}
