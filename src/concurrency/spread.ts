/** What a window has shown counts as one of so many: in one alone a rare job that takes long may be missing, or be there twice. */
const averagedWindows = 8;

/**
 * How unlike the jobs of one kind are: the variance of how long they took, over the square of its average. 0 when all take the same, 1 when most
 * take less and some much longer, as calls usually do. The higher it is the more jobs it takes to tell how fast they are.
 */
export class Spread {
  #usual = 0;
  #windows = 0;
  #jobs = 0;
  #sum = 0;
  #squares = 0;

  /** Adds a job that took so many times the average of its kind. */
  add(times: number): void {
    this.#jobs += 1;
    this.#sum += times;
    this.#squares += times * times;
  }

  /** As it was in the last windows, with what was added to this one. */
  get value(): number {
    if (this.#jobs === 0) return this.#usual;
    const seen = (this.#jobs * this.#squares) / (this.#sum * this.#sum) - 1;
    return this.#usual + (seen - this.#usual) / Math.min(this.#windows + 1, averagedWindows);
  }

  /** Begins the next window. One that told little is not remembered. */
  close(fewestJobs: number): void {
    if (this.#jobs >= fewestJobs) {
      this.#usual = this.value;
      this.#windows += 1;
    }
    [this.#jobs, this.#sum, this.#squares] = [0, 0, 0];
  }
}
