import type { Logger } from 'pino';
import { errorMessage } from '../errors/error-message.js';
import type { QueuePolicy } from '../job/queue-policy.js';
import type { Leadership } from '../recovery/leadership.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Clock } from '../time/clock.js';
import type { EpochMs } from '../time/duration.js';
import type { ParkedFor, ParkedJobs } from '../transport/parked-jobs.js';
import { BreakerLabels } from './breaker-label.js';
import { closedBreaker } from './breaker-machine.js';
import { rampOverMs } from './breaker-policy.js';
import type { BreakerState } from './breaker-state.js';
import type { BreakerWatch } from './breaker-watch.js';
import { parkReasonOf } from './park-reason.js';
import { ReturnAllowance } from './return-allowance.js';
import { shareAmongQueues } from './share-among-queues.js';

export interface ParkedReturnOptions {
  readonly parked: Pick<ParkedJobs, 'count' | 'bringBack'>;
  readonly watch: Pick<BreakerWatch, 'breakers' | 'callsPerSecond'>;
  readonly queues: () => Promise<ReadonlyMap<string, QueuePolicy>>;
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'breakerParkedJobs' | 'breakerReturnedJobs'>;
}

/** Jobs are set aside for a minute at most, and some once more while the ramp lets few through: after this those that still are show that there are more. */
const interestingForMs = 2 * rampOverMs;
/** So many indexes, of one breaker in one queue each, are looked at in one go. With more they take turns. */
const indexesPerLook = 2_000;

/**
 * Brings the jobs back that breakers have set aside: a few while they probe, paced when they have closed, the oldest first. They are in
 * `delayed` all the time, so without a leader they come back when they are due.
 */
export class ParkedReturn {
  readonly #options: ParkedReturnOptions;
  readonly #labels = new BreakerLabels();
  readonly #allowances = new Map<string, ReturnAllowance>();
  /** How many jobs of each queue were set aside because of each, when it was last looked at. */
  readonly #counts = new Map<string, ReadonlyMap<string, number>>();
  /** Where the next look begins. */
  #turn = 0;

  constructor(options: ParkedReturnOptions) {
    this.#options = options;
  }

  /** One look at every breaker that is not as good as new. */
  async bringBack(): Promise<void> {
    const { watch, queues } = this.#options;
    const seen = watch.breakers;
    if (seen === undefined) return;
    const breakers = [...seen.states, ...this.#lost(seen.states)].filter(
      ({ name, phase, since }) =>
        phase !== 'closed' || seen.now - since < interestingForMs || sumOf(this.#counts.get(name)?.values() ?? []) > 0,
    );
    this.#forgetAllBut(breakers);
    if (breakers.length === 0) return this.#show();
    const policies = await queues();
    const failures: Error[] = [];
    for (const state of this.#inTurn(breakers, policies.size)) {
      // One queue that cannot be written must not keep the jobs of the others waiting.
      failures.push(...(await this.#bringBackOf(state, seen.now, policies)));
    }
    this.#show();
    if (failures.length > 0) throw failures[0];
  }

  /** The breakers that are not closed, and how many jobs of these queues were set aside because of each when it was last looked at. */
  openBreakers(queues: readonly string[]): { readonly name: string; readonly parked: number }[] {
    const states = this.#options.watch.breakers?.states ?? [];
    return states
      .filter(({ phase }) => phase !== 'closed')
      .map(({ name }) => ({ name, parked: sumOf(queues.map((queue) => this.#counts.get(name)?.get(queue) ?? 0)) }));
  }

  /** Takes back what was told, when somebody else leads and tells it. */
  clear(): void {
    this.#counts.clear();
    this.#options.metrics.breakerParkedJobs.clear();
  }

  async #bringBackOf(state: BreakerState, now: EpochMs, policies: ReadonlyMap<string, QueuePolicy>): Promise<Error[]> {
    const { parked, watch, clock, leadership } = this.#options;
    const reason = parkReasonOf(state.name);
    const indexes = [...policies.keys()].map((queue): ParkedFor => ({ queue, reason }));
    const counts = await parked.count(indexes, now);
    const sum = sumOf(counts);
    this.#counts.set(state.name, new Map([...policies.keys()].map((queue, at) => [queue, counts[at] ?? 0])));
    const allowance = this.#allowanceOf(state.name);
    const most = allowance.at(state, watch.callsPerSecond(state, now), now, clock.elapsed());
    if (most === 0 || sum === 0) return [];
    const waiting = [...policies].map(([queue, { criticality }], at) => ({
      queue,
      criticality,
      parked: counts[at] ?? 0,
    }));
    // A job that is itself the reason why its probe failed must not be the next one again.
    const first = state.phase === 'closed' ? 'oldest' : 'due';
    const failures: Error[] = [];
    for (const [queue, share] of shareAmongQueues(most, waiting)) {
      const epoch = leadership.term;
      if (epoch === undefined) break;
      try {
        const reply = await parked.bringBack({ queue, reason }, share, epoch, first);
        if (reply.kind === 'deposed') {
          leadership.deposed(epoch);
          break;
        }
        this.#tell(state.name, queue, reply.returned);
        allowance.use(reply.returned, clock.elapsed());
      } catch (cause) {
        failures.push(
          new Error(`parked jobs of queue ${queue} cannot be brought back: ${errorMessage(cause)}`, { cause }),
        );
      }
    }
    return failures;
  }

  #tell(breaker: string, queue: string, returned: number): void {
    if (returned === 0) return;
    const { log, metrics } = this.#options;
    metrics.breakerReturnedJobs.inc({ queue }, returned);
    log.debug({ breaker, queue, jobs: returned }, 'jobs.returned');
  }

  #allowanceOf(breaker: string): ReturnAllowance {
    const known = this.#allowances.get(breaker) ?? new ReturnAllowance();
    this.#allowances.set(breaker, known);
    return known;
  }

  /** As many breakers as can be looked at, beginning with the one after the last of the look before. */
  #inTurn(breakers: readonly BreakerState[], queues: number): BreakerState[] {
    const most = Math.max(1, Math.floor(indexesPerLook / Math.max(1, queues)));
    const from = this.#turn % breakers.length;
    const chosen = [...breakers.slice(from), ...breakers.slice(0, from)].slice(0, most);
    this.#turn = from + chosen.length;
    return chosen;
  }

  /** Breakers that Redis has lost while jobs are set aside because of them. Nobody is kept from calling any more, so they are closed. */
  #lost(states: readonly BreakerState[]): BreakerState[] {
    const known = new Set(states.map(({ name }) => name));
    return [...this.#counts.keys()].filter((name) => !known.has(name)).map(closedBreaker);
  }

  #forgetAllBut(breakers: readonly BreakerState[]): void {
    const names = new Set(breakers.map(({ name }) => name));
    this.#labels.keepOnly(names);
    for (const known of [this.#allowances, this.#counts]) {
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    }
  }

  #show(): void {
    const { breakerParkedJobs } = this.#options.metrics;
    breakerParkedJobs.clear();
    const sums = new Map<string, number>();
    for (const [name, counts] of this.#counts) {
      const label = this.#labels.labelOf(name);
      sums.set(label, (sums.get(label) ?? 0) + sumOf(counts.values()));
    }
    for (const [breaker, sum] of sums) breakerParkedJobs.set({ breaker }, sum);
  }
}

function sumOf(counts: Iterable<number>): number {
  return [...counts].reduce((sum, count) => sum + count, 0);
}
