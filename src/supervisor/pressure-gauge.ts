import type { FleetStore } from '../recovery/fleet-store.js';
import type { RedisClient } from '../redis/connection.js';
import { parseRedisInfo, type RedisInfo } from '../redis/redis-info.js';
import type { Pressure } from '../shedding/pressure.js';
import type { Clock } from '../time/clock.js';

export interface PressureGaugeOptions {
  readonly client: Pick<RedisClient, 'info'>;
  readonly fleet: Pick<FleetStore, 'ids' | 'beatsOf'>;
  readonly clock: Clock;
  /** Told of what Redis said, and of how long it took. */
  readonly tell: (info: RedisInfo, roundTripMs: number) => void;
}

/** So many workers speak for all: beats are large, and the leader asks every second. */
const workersAsked = 20;
/** So many looks are looked back at: what was slow once is not slow. */
const looksKept = 9;
/** Fewer tell nothing: a leader that has just started is slow itself, and so are the workers that were started with it. */
const fewestLooks = 5;

/** Measures what presses on the fleet: the memory of Redis, how long it takes to answer, and how late the event loops of workers are. */
export class PressureGauge {
  readonly #options: PressureGaugeOptions;
  readonly #latenciesMs: number[] = [];
  readonly #loopDelaysMs: number[] = [];
  #last: Pressure | undefined;

  constructor(options: PressureGaugeOptions) {
    this.#options = options;
  }

  /** What was measured last; undefined before the first time. */
  get last(): Pressure | undefined {
    return this.#last;
  }

  async measure(): Promise<Pressure> {
    const { client, clock, tell } = this.#options;
    const askedAt = clock.elapsed();
    const info = parseRedisInfo(await client.info());
    const roundTripMs = clock.elapsed() - askedAt;
    tell(info, roundTripMs);
    keep(this.#latenciesMs, roundTripMs);
    const loopDelayMs = await this.#loopDelayMs();
    if (loopDelayMs === undefined) this.#loopDelaysMs.length = 0;
    else keep(this.#loopDelaysMs, loopDelayMs);
    this.#last = {
      memoryRatio: memoryRatioIn(info),
      loopDelayMs: usualOf(this.#loopDelaysMs),
      redisLatencyMs: usualOf(this.#latenciesMs),
    };
    return this.#last;
  }

  async #loopDelayMs(): Promise<number | undefined> {
    const { fleet } = this.#options;
    const ids = (await fleet.ids()).slice(0, workersAsked);
    return medianOf((await fleet.beatsOf(ids)).map(({ loopDelayMs }) => loopDelayMs).filter(Number.isFinite));
  }
}

function keep(looks: number[], look: number): void {
  looks.push(look);
  if (looks.length > looksKept) looks.shift();
}

/** Undefined until there are enough looks to tell. */
function usualOf(looks: readonly number[]): number | undefined {
  return looks.length < fewestLooks ? undefined : medianOf(looks);
}

/** Undefined without a limit. */
function memoryRatioIn({ usedMemoryBytes, maxMemoryBytes }: RedisInfo): number | undefined {
  return usedMemoryBytes !== undefined && maxMemoryBytes ? usedMemoryBytes / maxMemoryBytes : undefined;
}

/** One that is slow for reasons of its own does not speak for the others. */
function medianOf(values: readonly number[]): number | undefined {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
}
