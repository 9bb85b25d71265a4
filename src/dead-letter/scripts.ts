import { defineScript } from '../redis/define-script.js';
import type { EpochMs } from '../time/duration.js';

/** `redriven` and when, or why not: it is no longer dead-lettered by the death that was meant, or its id is taken by a job in the queue. */
export type RedriveReply =
  | { readonly kind: 'redriven'; readonly at: EpochMs }
  | { readonly kind: 'not_found' | 'id_taken' };

export const redriveScript = defineScript({
  file: new URL('./lua/redrive.lua', import.meta.url),
  keys: ['dead', 'deadFailed', 'job', 'wait', 'prioritized', 'priorityCounter', 'marker', 'events', 'meta', 'turns'],
  args: ['deadId', 'id', 'diedAt', 'data', 'by', 'ledgerBase'],
  reply: (raw): RedriveReply => {
    if (raw === -1) return { kind: 'not_found' };
    if (raw === -2) return { kind: 'id_taken' };
    if (typeof raw === 'number' && raw > 0) return { kind: 'redriven', at: raw as EpochMs };
    throw new TypeError(`unknown code ${String(raw)}`);
  },
});

/** `deposed`: a later leader has written to the queue. Nothing was deleted then. */
export type PurgeReply = 'deleted' | 'not_found' | 'deposed';

export const purgeScript = defineScript({
  file: new URL('./lua/purge.lua', import.meta.url),
  keys: ['dead', 'deadFailed', 'fence'],
  args: ['deadId', 'diedAt', 'ledgerBase', 'epoch'],
  reply: (raw): PurgeReply => {
    switch (raw) {
      case 1:
        return 'deleted';
      case 0:
        return 'not_found';
      case -7:
        return 'deposed';
      default:
        throw new TypeError(`unknown code ${String(raw)}`);
    }
  },
});

/** What has become of a job that was redriven. `failed`: inside its queue, as a plain BullMQ worker leaves it. */
export type RedrivenOutcome =
  | { readonly state: 'pending' | 'completed' | 'gone' }
  | { readonly state: 'dead_lettered'; readonly recordJson: string }
  | { readonly state: 'failed'; readonly message: string };

export const redrivenOutcomesScript = defineScript({
  file: new URL('./lua/redriven-outcomes.lua', import.meta.url),
  keys: ['deadFailed'],
  args: ['base', 'deadBase'],
  rest: true,
  reply: (raw): RedrivenOutcome[] => (raw as [string, string][]).map(([state, text]) => outcomeOf(state, text)),
});

function outcomeOf(state: string, text: string): RedrivenOutcome {
  switch (state) {
    case 'pending':
    case 'completed':
    case 'gone':
      return { state };
    case 'dead_lettered':
      return { state, recordJson: text };
    case 'failed':
      return { state, message: text };
    default:
      throw new TypeError(`unknown state ${state}`);
  }
}

/** `dead`, `live`: a letter, or a job, with this id is there already. Nothing was written then. */
export type ImportReply = 'imported' | 'dead' | 'live';

export const importScript = defineScript({
  file: new URL('./lua/import-letter.lua', import.meta.url),
  keys: ['dead', 'deadFailed', 'job'],
  args: ['deadId', 'diedAt', 'dry', 'fields', 'logs', 'processed', 'failed'],
  rest: true,
  reply: (raw): ImportReply => {
    switch (raw) {
      case 0:
        return 'imported';
      case -1:
        return 'dead';
      case -2:
        return 'live';
      default:
        throw new TypeError(`unknown code ${String(raw)}`);
    }
  },
});
