import type { Logger } from 'pino';
import type { KeptChild } from './kept-child.js';

type Replaceable = Pick<KeptChild, 'name' | 'replace'>;

/**
 * Replaces every process of a pool, one after the other, so that the pool has all its workers at every moment. Ends at the
 * first that cannot be replaced: what keeps one from being ready will keep the others, too.
 */
export class RollingRestart {
  readonly #children: readonly Replaceable[];
  readonly #log: Logger;
  #underWay = false;

  /** @param children - in the order in which they are replaced. */
  constructor(children: readonly Replaceable[], log: Logger) {
    this.#children = children;
    this.#log = log;
  }

  /** Begins, unless one is under way. Resolves at its end; never throws. */
  async run(): Promise<void> {
    if (this.#underWay) {
      this.#log.warn('pool.restart_under_way');
      return;
    }
    this.#underWay = true;
    this.#log.info({ children: this.#children.length }, 'pool.restarting');
    this.#log.info(await this.#replaceAll());
    this.#underWay = false;
  }

  /** @returns the event that it ends with. */
  async #replaceAll(): Promise<string> {
    for (const child of this.#children) {
      const replacement = await child.replace('rolling restart');
      if (replacement === 'stopping') return 'pool.restart_cut';
      if (replacement === 'failed') {
        this.#log.error({ child: child.name }, 'pool.restart_failed: the other processes are left as they are');
        return 'pool.restart_cut';
      }
    }
    return 'pool.restarted';
  }
}
