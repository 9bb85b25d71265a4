import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import type { RetryBudgetRule, RetryVerdict } from './retry-budget.js';

/** The budget for what no dependency made fail, or one that the kind does not declare. No dependency can be called so. */
export const anyOtherCause = '-';

export interface RetryQuestion {
  /** Which job, and the token of its lease. */
  readonly job: { readonly id: string; readonly token: string };
  /** The budgets of the job's kind, `anyOtherCause` among them, each with the first attempts that are to be counted in it. */
  readonly firstAttempts: ReadonlyMap<string, number>;
  /** Whether the job would be too late if it waited. */
  readonly cannotWait: boolean;
}

export interface RetryAnswer {
  /** The budget that was asked: a dependency's name, or `anyOtherCause`. */
  readonly budget: string;
  readonly verdict: RetryVerdict;
}

const takeScript = defineScript({
  file: new URL('./lua/retry-take.lua', import.meta.url),
  keys: ['job', 'lock'],
  args: ['now', 'token', 'budgetBase', 'capacity', 'perMs', 'perFirst', 'fade', 'cannotWait'],
  rest: true,
  reply: (raw): RetryAnswer | undefined => {
    const [budget, code] = raw as [string, number];
    return code === -6 ? undefined : { budget, verdict: verdictOf(code) };
  },
});

function verdictOf(code: number): RetryVerdict {
  switch (code) {
    case 0:
      return 'taken';
    case 1:
      return 'overdrawn';
    case -1:
      return 'empty';
    default:
      throw new TypeError(`unknown code ${String(code)}`);
  }
}

/** The retry budgets of one queue, which all workers share. */
export class RetryBudgetStore {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #queue: string;
  readonly #rule: RetryBudgetRule;

  constructor(client: RedisClient, keyspace: Keyspace, queue: string, rule: RetryBudgetRule) {
    this.#client = client;
    this.#keyspace = keyspace;
    this.#queue = queue;
    this.#rule = rule;
  }

  /**
   * Takes a retry from the budget of the dependency that made the job's last attempt fail. Undefined when the job's lease is lost.
   *
   * @param now - default: Redis' clock.
   */
  take({ job, firstAttempts, cannotWait }: RetryQuestion, now?: EpochMs): Promise<RetryAnswer | undefined> {
    const { capacity, perMs, perFirstAttempt, fadeMs } = this.#rule;
    const key = this.#keyspace.queue(this.#queue, job.id);
    return takeScript.run(
      this.#client,
      { job: key, lock: `${key}:lock` },
      {
        now: now ?? '',
        token: job.token,
        budgetBase: this.#keyspace.retryBudgetBase(this.#queue),
        capacity,
        perMs,
        perFirst: perFirstAttempt,
        fade: fadeMs,
        cannotWait: cannotWait ? 1 : 0,
      },
      [...firstAttempts].flat(),
    );
  }
}
