import { errorMessage } from '../errors/error-message.js';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { BreakerMachine, type Isolation, type Permit, type ProbeOutcome, type TripVerdict } from './breaker-machine.js';
import {
  breakersTtlMs,
  evidenceTtlMs,
  fleetRules,
  mostBreakers,
  mostReports,
  rampOverMs,
  rationSavedMs,
  rationWaitMs,
} from './breaker-policy.js';
import {
  askScript,
  type BreakerPicture,
  isolateScript,
  type Listing,
  listScript,
  rationScript,
  releaseScript,
  reportScript,
  type SettleReply,
  type Share,
  settleScript,
  type TripReply,
  tidyScript,
  tripScript,
} from './breaker-scripts.js';
import type { BreakerState, EvidenceReport } from './breaker-state.js';
import { parseReport, type StampedReport } from './parse-breaker.js';

export type { BreakerPicture } from './breaker-scripts.js';

/** What time alone has changed. */
export interface TidyReport {
  /** The states as they are afterwards, under the generation from before: whoever syncs with it hears of the changes. */
  readonly picture: BreakerPicture;
  readonly changes: readonly { readonly before: BreakerState; readonly after: BreakerState }[];
}

const machine = new BreakerMachine(fleetRules);
const rules = JSON.stringify(fleetRules);

/** The breakers of the fleet in Redis. Their moments are on Redis' clock. */
export class BreakerStore {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #now: (() => EpochMs) | undefined;

  /** Redis' own clock counts, unless another one is given. */
  constructor(client: RedisClient, keyspace: Keyspace, now?: () => EpochMs) {
    this.#client = client;
    this.#keyspace = keyspace;
    this.#now = now;
  }

  /** All breakers, unless nothing has changed since the generation that is known: to ask for that costs one `GET`. */
  async sync(known: number | undefined): Promise<BreakerPicture | 'unchanged'> {
    if (known === undefined) return this.list();
    const generation = await this.#client.get(this.#keyspace.breakerGeneration).catch(garbageInWrongType);
    return Number(generation ?? 0) === known ? 'unchanged' : this.list();
  }

  async list(): Promise<BreakerPicture> {
    const { generation, now, states } = await this.#list();
    return { generation, now, states };
  }

  /** Takes calls of a breaker that ramps: up to `wanted` of so many a second, which all workers share. */
  ration(name: string, perSecond: number, wanted: number): Promise<Share> {
    return rationScript.run(
      this.#client,
      { rations: this.#keyspace.breakerRations },
      {
        name,
        perSecond,
        wanted,
        saved: rationSavedMs,
        wait: rationWaitMs,
        ttl: 2 * rampOverMs,
        now: this.#now?.() ?? '',
      },
    );
  }

  /** Tells the leader what a worker saw of its calls. */
  async report(report: EvidenceReport): Promise<void> {
    await reportScript.run(
      this.#client,
      { evidence: this.#keyspace.breakerEvidence },
      { report: JSON.stringify(report), most: mostReports, ttl: evidenceTtlMs, now: this.#now?.() ?? '' },
    );
  }

  /** Takes the oldest reports, so many at most: ask again while that many come. */
  async takeEvidence(most: number): Promise<StampedReport[]> {
    const taken = await this.#client.lpop(this.#keyspace.breakerEvidence, most).catch(noneInWrongType);
    return (taken ?? []).flatMap((text) => parseReport(text) ?? []);
  }

  /** Opens a closed breaker, if it still has the generation that the verdict is about and the leader of this epoch still leads. */
  trip(name: string, verdict: TripVerdict, epoch: number): Promise<TripReply> {
    return tripScript.run(
      this.#client,
      { ...this.#keys(), leader: this.#keyspace.leader },
      { name, verdict: JSON.stringify(whole(verdict)), ...this.#turn(), epoch, most: mostBreakers },
    );
  }

  /**
   * Asks for the right to make one call of a breaker that is not closed: now, or some time during a job that asks again then. `openForMs` is
   * for how long it opens if the leases of other probes turn out to have expired.
   */
  ask(name: string, token: string, leaseMs: number, openForMs: number, begins = true): Promise<Permit> {
    const request = JSON.stringify(whole({ token, leaseMs, openForMs, begins }));
    return askScript.run(this.#client, this.#keys(), { name, request, ...this.#turn() });
  }

  /** Counts what a probe came to. */
  settle(
    name: string,
    token: string,
    generation: number,
    result: ProbeOutcome['result'],
    openForMs: number,
  ): Promise<SettleReply> {
    const outcome = JSON.stringify(whole({ token, generation, result, openForMs }));
    return settleScript.run(this.#client, this.#keys(), { name, outcome, ...this.#turn() });
  }

  /** Holds a breaker open until it is released, or for a time. Done again, it changes until when and why. */
  isolate(name: string, isolation: Isolation): Promise<BreakerState> {
    return isolateScript.run(this.#client, this.#keys(), {
      name,
      isolation: JSON.stringify(whole(isolation)),
      ...this.#turn(),
    });
  }

  /** Closes a breaker, whatever it is; its calls come back by and by. */
  release(name: string, { by, why }: Omit<Isolation, 'forMs'>): Promise<BreakerState> {
    return releaseScript.run(this.#client, this.#keys(), {
      name,
      release: JSON.stringify({ by, why }),
      ...this.#turn(),
    });
  }

  /**
   * Does what time alone does: leases expire, isolations end, what was closed for long is forgotten, and so is what cannot be read.
   * `openForMs` says for how long a breaker opens whose probes expired.
   */
  async tidy(openForMs: (state: BreakerState) => number, epoch: number): Promise<TidyReport | 'deposed'> {
    const { generation, now, states, unreadable } = await this.#list();
    const kept: BreakerState[] = [];
    const changes: { before: BreakerState; after: BreakerState }[] = [];
    for (const before of states) {
      const forMs = openForMs(before);
      const { kind, state } =
        machine.tidy(before, forMs, now).reply === 'unchanged'
          ? { kind: 'unchanged', state: before }
          : await this.#tidyOne(before.name, forMs, epoch);
      if (kind === 'deposed') return 'deposed';
      if (state) kept.push(state);
      if (state && kind === 'changed') changes.push({ before, after: state });
    }
    for (const name of unreadable) {
      if ((await this.#tidyOne(name, 0, epoch)).kind === 'deposed') return 'deposed';
    }
    return { picture: { generation, now, states: kept }, changes };
  }

  #tidyOne(name: string, openForMs: number, epoch: number): ReturnType<typeof tidyScript.run> {
    const keys = { ...this.#keys(), leader: this.#keyspace.leader };
    return tidyScript.run(this.#client, keys, { name, openForMs: Math.round(openForMs), ...this.#turn(), epoch });
  }

  #list(): Promise<Listing> {
    return listScript.run(this.#client, this.#keys(), { ttl: breakersTtlMs, now: this.#now?.() ?? '' });
  }

  #keys(): { readonly breakers: string; readonly generation: string } {
    return { breakers: this.#keyspace.breakers, generation: this.#keyspace.breakerGeneration };
  }

  #turn(): { readonly rules: string; readonly ttl: number; readonly now: number | '' } {
    return { rules, ttl: breakersTtlMs, now: this.#now?.() ?? '' };
  }
}

/** Moments and lengths of time are whole milliseconds; what is no length of time at all, and would never be over, is none. */
function whole<T extends object>(event: T): T {
  const entries = Object.entries(event).map(([name, value]) => [
    name,
    name.endsWith('Ms') ? Math.round(value) || 0 : value,
  ]);
  return Object.fromEntries(entries);
}

/** What somebody else put in the place of the counter is none that anybody knows. */
function garbageInWrongType(error: unknown): string {
  return noneInWrongType(error) ?? 'none';
}

/** What somebody else put in the place of the evidence, and is no list, holds none. */
function noneInWrongType(error: unknown): null {
  if (/^WRONGTYPE\b/.test(errorMessage(error))) return null;
  throw error;
}
