interface WaitingJob {
  readonly id: string;
  readonly tenant: string;
  readonly share: string;
  readonly turn: number;
}

const step = 10_000;
const credit = 5 * step;
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
    let turn = this.#next.get(tenant) ?? 0;
    if (turn <= this.#now - credit) turn = this.#now++ - credit;
    this.#next.set(tenant, turn + Math.floor(step / weight));
    this.#waiting.push({ id, tenant, share: `${weight} ${tenant}`, turn });
    this.#waiting.sort((one, other) => one.turn - other.turn || (one.id < other.id ? -1 : 1));
  }

  /** Takes the next ones, and says whose they are. */
  serve(count: number): string[] {
    const taken = this.#waiting.splice(0, count);
    this.#now = Math.max(this.#now, taken.at(-1)?.turn ?? 0);
    return taken.map(({ share }) => share);
  }

  /** The tenants of which a job waits. */
  waiting(): Set<string> {
    return new Set(this.#waiting.map(({ tenant }) => tenant));
  }
}
