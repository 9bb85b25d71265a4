import type { EpochMs } from '../time/duration.js';
import { type BreakerState, breakerPhases, type EvidenceReport, tripReasons } from './breaker-state.js';

/** A report, with the moment on Redis' clock at which it came. */
export interface StampedReport extends EvidenceReport {
  readonly at: EpochMs;
}

/** cjson writes fourteen digits: with more a number would not come back as it was. */
const tooLarge = 1e14;

/**
 * Reads a breaker that anybody may have written; undefined when it is none. A reason that a later version knows is taken as it is: what
 * counts is the phase.
 */
export function parseBreaker(name: string, json: string): BreakerState | undefined {
  const state = parseObject(json);
  const { name: written, phase, reason, generation, since, openings, callsPerSecond, callers } = state;
  const { until, by, why, probes } = state;
  if (written !== name || !breakerPhases.some((known) => known === phase)) return undefined;
  const amounts = [generation, since, openings, callsPerSecond, callers, ...(until === undefined ? [] : [until])];
  if (typeof reason !== 'string' || !amounts.every(isAmount)) return undefined;
  if (![by, why].every((word) => word === undefined || typeof word === 'string')) return undefined;
  return areProbes(probes) ? (state as unknown as BreakerState) : undefined;
}

function areProbes(probes: unknown): boolean {
  const { leases, kept = {}, succeeded, failed } = Object(probes) as Partial<Record<string, unknown>>;
  return [succeeded, failed].every(isAmount) && [leases, kept].every(areLeases);
}

function areLeases(leases: unknown): boolean {
  return typeof leases === 'object' && leases !== null && Object.values(leases).every(isAmount);
}

/** Reads a report that anybody may have written; undefined when it is none. What of its calls makes no sense is left out. */
export function parseReport(text: string): StampedReport | undefined {
  const [, moment = '', json = ''] = /^(\d+) (.*)$/s.exec(text) ?? [];
  const { worker, calls } = parseObject(json);
  const at = Number(moment);
  if (typeof worker !== 'string' || !Array.isArray(calls) || !isAmount(at)) return undefined;
  return { at: at as EpochMs, worker, calls: calls.filter(isEvidence) };
}

function isEvidence(calls: unknown): boolean {
  const { breaker, generation, succeeded, failed, slow, failedInARow, retryAfterMs, openForMs, openAtMostMs, opened } =
    Object(calls) as Partial<Record<string, unknown>>;
  if (typeof breaker !== 'string' || breaker === '') return false;
  return (
    [generation, succeeded, failed, slow, failedInARow].every(isAmount) &&
    [retryAfterMs, openForMs, openAtMostMs].every((wish) => wish === undefined || isAmount(wish)) &&
    (opened === undefined || tripReasons.some((reason) => reason === opened))
  );
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < tooLarge;
}

function parseObject(json: string): Partial<Record<string, unknown>> {
  try {
    return Object(JSON.parse(json));
  } catch {
    return {};
  }
}
