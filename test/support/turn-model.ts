interface WaitingJob {
  readonly id: string;
  readonly tenant: string;
  readonly share: string;
  readonly turn: number;
}

const firstTurn = 2 ** 32;
const step = 10_000;

/** What take-turn.lua is to do, without Redis: self-clocked fair queueing of jobs that all begin to wait for the first time. */
export class TurnModel {
  readonly #waiting: WaitingJob[] = [];
  readonly #last = new Map<string, number>();
  #now = firstTurn;

  add(id: string, tenant: string, weight: number): void {
    if (this.#waiting.length === 0) {
      this.#last.clear();
      this.#now = firstTurn;
    }
    this.#now = Math.max(this.#now, this.#waiting[0]?.turn ?? 0);
    const turn = Math.max(this.#now, this.#last.get(tenant) ?? 0) + Math.floor(step / weight);
    this.#last.set(tenant, turn);
    this.#waiting.push({ id, tenant, share: `${weight} ${tenant}`, turn });
    this.#waiting.sort((one, other) => one.turn - other.turn || (one.id < other.id ? -1 : 1));
  }

  /** Takes the next ones, and says whose they are. */
  serve(count: number): string[] {
    return this.#waiting.splice(0, count).map(({ share }) => share);
  }

  /** The tenants of which a job waits. */
  waiting(): Set<string> {
    return new Set(this.#waiting.map(({ tenant }) => tenant));
  }
}
