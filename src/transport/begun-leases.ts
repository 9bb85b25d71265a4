import { leaseNumber, sharedLeaseNumber } from './lease-number.mjs';
import type { RunningJob } from './running-jobs.js';

/**
 * Which jobs of those that this process holds have begun, in memory shared with the worker's guard. While a handler blocks the event loop, jobs
 * that have not begun would wait for as long: they wait for a slot, or the answer that brought them has not been read. The guard gives them
 * back.
 *
 * Who has a job is decided as in Dekker's algorithm: here it is first written down that a job begins, and then the guard's round is read; the
 * guard first looks what is leased, then begins a round, and then reads what has begun. So the guard leaves a job alone, or it is noticed here that its round came
 * in between. Then the job is in doubt, and so is every other whose lease was asked for before: it is given back from here too, and Redis
 * refuses whoever comes second.
 *
 * Words: the guard's rounds, then a place for each job with the number of its lease, 0 while it is free.
 */
export class BegunLeases {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #free: number[];
  #round = 0;
  #doubtfulBelow = 0;

  /** @param jobs - how many may have begun at once. */
  constructor(jobs: number) {
    this.shared = new SharedArrayBuffer((1 + jobs) * Int32Array.BYTES_PER_ELEMENT);
    this.#words = new Int32Array(this.shared);
    this.#free = Array.from({ length: jobs }, (_, index) => jobs - index);
  }

  /**
   * Writes down that a job begins.
   *
   * @param nextLease - the number of the next lease that will be asked for.
   * @returns false when it is in doubt who has it, and it must not begin.
   */
  begin(run: RunningJob, nextLease: number): boolean {
    const number = leaseNumber(run.job.token);
    const place = this.#free.pop();
    // There are as many places as jobs can be in hand. One more would run without the guard's knowledge.
    if (place === undefined) return true;
    run.sharedPlace = place;
    Atomics.store(this.#words, place, sharedLeaseNumber(number));
    this.heed(nextLease);
    if (number >= this.#doubtfulBelow) return true;
    this.end(run);
    return false;
  }

  /**
   * Heeds a round of the guard. A lease that is asked for later is in no doubt: the guard has looked what is leased before its round.
   *
   * @param nextLease - the number of the next lease that will be asked for.
   */
  heed(nextLease: number): void {
    const round = Atomics.load(this.#words, 0);
    if (round === this.#round) return;
    this.#round = round;
    this.#doubtfulBelow = nextLease;
  }

  /** It has ended, and Redis knows, or it is somebody else's. */
  end(run: RunningJob): void {
    if (run.sharedPlace === undefined) return;
    Atomics.store(this.#words, run.sharedPlace, 0);
    this.#free.push(run.sharedPlace);
    run.sharedPlace = undefined;
  }
}
