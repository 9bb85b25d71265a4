import { errorMessage } from '../errors/error-message.js';
import { within } from '../time/deadline.js';
import { withoutUrlPasswords } from './redaction.js';

/**
 * Asks whether one thing the process needs is there. Resolves when it is, with a word about it if there is one to say;
 * throws an error that says what is missing when it is not.
 */
export type HealthCheck = () => Promise<string | undefined>;

/** What is missing, and what to do about it: what a check throws that knows. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';

  constructor(
    detail: string,
    readonly fix: string,
  ) {
    super(detail);
  }
}

export interface CheckResult {
  readonly ok: boolean;
  readonly detail: string;
  /** What to do, when it is not. */
  readonly fix?: string;
}

export interface HealthReport {
  readonly status: 'ready' | 'not_ready' | 'draining';
  readonly checks: Readonly<Record<string, CheckResult>>;
}

/** A probe that waits longer than this has given up already, or soon will. */
const checkDeadlineMs = 1_000;
const maxDetailLength = 200;

/**
 * Tells whether a process can do its work now: every named check holds and it is not draining.
 *
 * A check that hangs is reported as late after a second, and is not asked again until it has answered: probes come for as
 * long as an outage lasts and must not pile up behind it.
 */
export class Readiness {
  readonly #checks: Readonly<Record<string, HealthCheck>>;
  readonly #running = new Map<string, Promise<CheckResult>>();
  #draining = false;

  constructor(checks: Readonly<Record<string, HealthCheck>>) {
    this.#checks = checks;
  }

  /** From now on the process is not ready, because it is about to end. */
  drain(): void {
    this.#draining = true;
  }

  async report(): Promise<HealthReport> {
    const names = Object.keys(this.#checks);
    const results = await Promise.all(names.map((name) => this.#resultOf(name)));
    const ready = results.every((result) => result.ok);
    return {
      status: this.#draining ? 'draining' : ready ? 'ready' : 'not_ready',
      checks: Object.fromEntries(results.map((result, index) => [names[index], result])),
    };
  }

  async #resultOf(name: string): Promise<CheckResult> {
    const result = await within(checkDeadlineMs, this.#running.get(name) ?? this.#run(name));
    return result === 'late' ? { ok: false, detail: `no answer within ${checkDeadlineMs} ms` } : result;
  }

  #run(name: string): Promise<CheckResult> {
    const running = this.#ask(name).finally(() => this.#running.delete(name));
    this.#running.set(name, running);
    return running;
  }

  async #ask(name: string): Promise<CheckResult> {
    try {
      return { ok: true, detail: (await this.#checks[name]?.()) ?? 'ok' };
    } catch (error) {
      const detail = withoutUrlPasswords(errorMessage(error).slice(0, maxDetailLength));
      return { ok: false, detail, ...(error instanceof NotReadyError && { fix: error.fix }) };
    }
  }
}
