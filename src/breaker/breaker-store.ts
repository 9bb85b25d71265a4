import { errorMessage } from '../errors/error-message.js';
import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { BreakerMachine, type Isolation, type Permit, type ProbeOutcome, type TripVerdict } from './breaker-machine.js';
import { breakersTtlMs, evidenceTtlMs, fleetRules, mostBreakers, mostReports } from './breaker-policy.js';
import type { BreakerState, EvidenceReport } from './breaker-state.js';
import { parseBreaker, parseReport, type StampedReport } from './parse-breaker.js';

/**
 * `stale`: it is not closed, or has another generation than the verdict is about. `too_many`: so many are kept that this one opens in each
 * worker alone.
 */
export type TripReply = 'tripped' | 'stale' | 'deposed' | 'too_many';

/** `stale`: the lease is no more, and nothing changed by its outcome. */
export type SettleReply = 'counted' | 'stale';

const turnArgs = ['rules', 'ttl', 'now'] as const;

const tripScript = defineScript({
  file: new URL('./lua/breaker-trip.lua', import.meta.url),
  keys: ['breakers', 'generation', 'leader'],
  args: ['name', 'verdict', ...turnArgs, 'epoch', 'most'],
  reply: (raw): TripReply => codeOf({ 0: 'tripped', [-1]: 'stale', [-2]: 'deposed', [-3]: 'too_many' }, raw),
});

const askScript = defineScript({
  file: new URL('./lua/breaker-ask.lua', import.meta.url),
  keys: ['breakers', 'generation'],
  args: ['name', 'request', ...turnArgs],
  reply: (raw): Permit => {
    const [code, json, retryAfterMs] = raw as [number, string, number];
    const state = JSON.parse(json) as BreakerState;
    switch (codeOf({ 1: 'probe', 0: 'pass', [-1]: 'refused' }, code)) {
      case 'probe':
        return { kind: 'probe', generation: state.generation, state };
      case 'pass':
        return { kind: 'pass', state };
      case 'refused':
        return { kind: 'refused', state, retryAfterMs };
    }
  },
});

const settleScript = defineScript({
  file: new URL('./lua/breaker-settle.lua', import.meta.url),
  keys: ['breakers', 'generation'],
  args: ['name', 'outcome', ...turnArgs],
  reply: (raw): SettleReply => codeOf({ 0: 'counted', [-1]: 'stale' }, raw),
});

const isolateScript = defineScript({
  file: new URL('./lua/breaker-isolate.lua', import.meta.url),
  keys: ['breakers', 'generation'],
  args: ['name', 'isolation', ...turnArgs],
  reply: (raw) => JSON.parse(raw as string) as BreakerState,
});

const releaseScript = defineScript({
  file: new URL('./lua/breaker-release.lua', import.meta.url),
  keys: ['breakers', 'generation'],
  args: ['name', 'release', ...turnArgs],
  reply: (raw) => JSON.parse(raw as string) as BreakerState,
});

const tidyScript = defineScript({
  file: new URL('./lua/breaker-tidy.lua', import.meta.url),
  keys: ['breakers', 'generation', 'leader'],
  args: ['name', 'openForMs', ...turnArgs, 'epoch'],
  reply: (raw) => {
    const [code, json] = raw as [number, string];
    const kind = codeOf({ 1: 'changed', 0: 'unchanged', 2: 'forgotten', [-2]: 'deposed' }, code);
    return { kind, state: json === '' ? undefined : (JSON.parse(json) as BreakerState) };
  },
});

const listScript = defineScript({
  file: new URL('./lua/breaker-list.lua', import.meta.url),
  keys: ['breakers', 'generation'],
  args: ['ttl', 'now'],
  reply: (raw): Listing => {
    const [generation, now, words] = raw as [number, EpochMs, string[]];
    const states: BreakerState[] = [];
    const unreadable: string[] = [];
    for (let at = 0; at < words.length; at += 2) {
      const [name = '', json = ''] = words.slice(at, at + 2);
      const state = parseBreaker(name, json);
      if (state) states.push(state);
      else unreadable.push(name);
    }
    return { generation, now, states, unreadable };
  },
});

const reportScript = defineScript({
  file: new URL('./lua/evidence-report.lua', import.meta.url),
  keys: ['evidence'],
  args: ['report', 'most', 'ttl', 'now'],
  reply: () => undefined,
});

/** All breakers that are not as good as new. One that is missing is closed, with generation 0. */
export interface BreakerPicture {
  /** Of the last transition of any of them. */
  readonly generation: number;
  /** When it was taken, on Redis' clock. */
  readonly now: EpochMs;
  readonly states: readonly BreakerState[];
}

interface Listing extends BreakerPicture {
  /** Names under which something lies that is no breaker. */
  readonly unreadable: readonly string[];
}

/** What time alone has changed. */
export interface TidyReport {
  /** As it is afterwards. */
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
   * Asks for the right to make one call of a breaker that is not closed. `openForMs` is for how long it opens if the leases of other probes
   * turn out to have expired.
   */
  ask(name: string, token: string, leaseMs: number, openForMs: number): Promise<Permit> {
    const request = JSON.stringify(whole({ token, leaseMs, openForMs }));
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

function codeOf<R extends string>(replies: Readonly<Record<number, R>>, raw: unknown): R {
  const reply = replies[Number(raw)];
  if (reply === undefined) throw new TypeError(`unknown code ${String(raw)}`);
  return reply;
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
