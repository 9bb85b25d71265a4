interface WaitingJob {
  readonly id: string;
  readonly tenant: string;
  readonly share: string;
  readonly turn: number;
}

const step = 10_000;
const creditJobs = 5;
const credit = creditJobs * step;
const firstTurn = 2 ** 32 + 1 + credit;

/** What take-turn.lua is to do, without Redis: start-time fair queueing of jobs that all begin to wait for the first time. */
export class TurnModel {
  readonly #waiting: WaitingJob[] = [];
  readonly #next = new Map<string, number>();
  #now = firstTurn;

  add(id: string, tenant: string, weight: number): void {
    if (this.#waiting.length === 0) {
      this.#next.clear();
      this.#now = firstTurn;
    }
    this.#now = Math.max(this.#now, (this.#waiting[0]?.turn ?? 0) - step);
    const line = this.#now - credit;
    const each = Math.floor(step / weight);
    let turn = Math.max(line, this.#next.get(tenant) ?? 0);
    this.#next.set(tenant, turn + each);
    if (turn <= line + (creditJobs - 1) * each) {
      turn = line;
      this.#now += 1;
    }
    const goesBefore = (one: WaitingJob) => one.turn < turn || (one.turn === turn && one.id < id);
    let [from, to] = [0, this.#waiting.length];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      if (goesBefore(this.#waiting[middle] as WaitingJob)) from = middle + 1;
      else to = middle;
    }
    this.#waiting.splice(from, 0, { id, tenant, share: `${weight} ${tenant}`, turn });
  }

  /** Takes the next ones, and says whose they are. */
  serve(count: number): string[] {
    return this.take(count).map(({ share }) => share);
  }

  /** Takes the next ones. */
  take(count: number): WaitingJob[] {
    const taken = this.#waiting.splice(0, count);
    this.#now = Math.max(this.#now, taken.at(-1)?.turn ?? 0);
    return taken;
  }

  /** The tenants of which a job waits. */
  waiting(): Set<string> {
    return new Set(this.#waiting.map(({ tenant }) => tenant));
  }
}
