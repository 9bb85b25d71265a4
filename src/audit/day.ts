import type { EpochMs } from '../time/duration.js';

const dayMs = 86_400_000;

/** The day of a moment in UTC: `20260304`. */
export function dayOf(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 10).replaceAll('-', '');
}

/** The first moment of a day; undefined when the text names none. */
export function startOf(day: string): EpochMs | undefined {
  const [, year, month, date] = /^(\d{4})(\d{2})(\d{2})$/.exec(day) ?? [];
  const at = Date.parse(`${year}-${month}-${date}T00:00:00Z`);
  // A date such as the 30th of February would be taken for one in March.
  return Number.isNaN(at) || dayOf(at as EpochMs) !== day ? undefined : (at as EpochMs);
}

/** The days from one moment to another, both included, the oldest first. */
export function daysBetween(from: EpochMs, to: EpochMs): string[] {
  const days: string[] = [];
  for (let at = Math.floor(from / dayMs) * dayMs; at <= to; at += dayMs) days.push(dayOf(at as EpochMs));
  return days;
}
