import { defineScript } from '../redis/define-script.js';
import type { EpochMs } from '../time/duration.js';
import type { Permit } from './breaker-machine.js';
import type { BreakerState } from './breaker-state.js';
import { parseBreaker } from './parse-breaker.js';

/** All breakers that are not as good as new. One that is missing is closed, with generation 0. */
export interface BreakerPicture {
  /** Of the last transition of any of them. */
  readonly generation: number;
  /** When it was taken, on Redis' clock. */
  readonly now: EpochMs;
  readonly states: readonly BreakerState[];
}

export interface Listing extends BreakerPicture {
  /** Names under which something lies that is no breaker. */
  readonly unreadable: readonly string[];
}

/**
 * `stale`: it is not closed, or has another generation than the verdict is about. `too_many`: so many are kept that this one opens in each
 * worker alone.
 */
export type TripReply = 'tripped' | 'stale' | 'deposed' | 'too_many';

/** `stale`: the lease is no more, and nothing changed by its outcome. */
export type SettleReply = 'counted' | 'stale';

const turnArgs = ['rules', 'ttl', 'now'] as const;

export const tripScript = defineScript({
  file: new URL('./lua/breaker-trip.lua', import.meta.url),
  keys: ['breakers', 'generation', 'leader'],
  args: ['name', 'verdict', ...turnArgs, 'epoch', 'most'],
  reply: (raw): TripReply => codeOf({ 0: 'tripped', [-1]: 'stale', [-2]: 'deposed', [-3]: 'too_many' }, raw),
});

export const askScript = defineScript({
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

export const settleScript = defineScript({
  file: new URL('./lua/breaker-settle.lua', import.meta.url),
  keys: ['breakers', 'generation'],
  args: ['name', 'outcome', ...turnArgs],
  reply: (raw): SettleReply => codeOf({ 0: 'counted', [-1]: 'stale' }, raw),
});

export const isolateScript = defineScript({
  file: new URL('./lua/breaker-isolate.lua', import.meta.url),
  keys: ['breakers', 'generation'],
  args: ['name', 'isolation', ...turnArgs],
  reply: (raw) => JSON.parse(raw as string) as BreakerState,
});

export const releaseScript = defineScript({
  file: new URL('./lua/breaker-release.lua', import.meta.url),
  keys: ['breakers', 'generation'],
  args: ['name', 'release', ...turnArgs],
  reply: (raw) => JSON.parse(raw as string) as BreakerState,
});

export const tidyScript = defineScript({
  file: new URL('./lua/breaker-tidy.lua', import.meta.url),
  keys: ['breakers', 'generation', 'leader'],
  args: ['name', 'openForMs', ...turnArgs, 'epoch'],
  reply: (raw) => {
    const [code, json] = raw as [number, string];
    const kind = codeOf({ 1: 'changed', 0: 'unchanged', 2: 'forgotten', [-2]: 'deposed' }, code);
    return { kind, state: json === '' ? undefined : (JSON.parse(json) as BreakerState) };
  },
});

export const listScript = defineScript({
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

/** Calls that may be made after so long; none of them is to be had before. */
export interface Share {
  readonly given: number;
  readonly inMs: number;
}

export const rationScript = defineScript({
  file: new URL('./lua/breaker-ration.lua', import.meta.url),
  keys: ['rations'],
  args: ['name', 'perSecond', 'wanted', 'saved', 'wait', 'ttl', 'now'],
  reply: (raw): Share => {
    const [given, inMs] = raw as [number, number];
    return { given, inMs };
  },
});

export const reportScript = defineScript({
  file: new URL('./lua/evidence-report.lua', import.meta.url),
  keys: ['evidence'],
  args: ['report', 'most', 'ttl', 'now'],
  reply: () => undefined,
});

function codeOf<R extends string>(replies: Readonly<Record<number, R>>, raw: unknown): R {
  const reply = replies[Number(raw)];
  if (reply === undefined) throw new TypeError(`unknown code ${String(raw)}`);
  return reply;
}
