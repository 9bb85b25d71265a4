import { deadLetterSuffix } from '../job/define-queue.js';
import type { fetchAndFinishScript } from './fetch-and-finish.js';

type ScriptKeys = Parameters<typeof fetchAndFinishScript.run>[1];
/** What keys begin with, and those that only some queues have, as the header of the script explains. */
type ScriptBases = Readonly<Record<'base' | 'deadBase' | 'parkedBase' | 'ledgerBase' | 'turns' | 'tenantRuns', string>>;

/** Where everything of a queue lies that fetch-and-finish touches. */
export interface WorkLayout {
  readonly keys: ScriptKeys;
  readonly bases: ScriptBases;
}

/** The layout of a queue under a prefix. With a hash tag in the prefix all of it lies in one slot. */
export function workLayout(prefix: string, queue: string): WorkLayout {
  const base = `${prefix}:${queue}:`;
  const deadBase = `${prefix}:${queue}${deadLetterSuffix}:`;
  return {
    bases: {
      base,
      deadBase,
      parkedBase: `${prefix}:bw:parked:`,
      ledgerBase: `${prefix}:bw:idem:`,
      turns: `${prefix}:bw:turns`,
      tenantRuns: `${prefix}:bw:tenant-runs`,
    },
    keys: {
      wait: `${base}wait`,
      active: `${base}active`,
      prioritized: `${base}prioritized`,
      events: `${base}events`,
      stalled: `${base}stalled`,
      limiter: `${base}limiter`,
      delayed: `${base}delayed`,
      meta: `${base}meta`,
      priorityCounter: `${base}pc`,
      completed: `${base}completed`,
      failed: `${base}failed`,
      marker: `${base}marker`,
      metricsCompleted: `${base}metrics:completed`,
      metricsFailed: `${base}metrics:failed`,
      deadFailed: `${deadBase}failed`,
      deadEvents: `${deadBase}events`,
      deadMeta: `${deadBase}meta`,
    },
  };
}
