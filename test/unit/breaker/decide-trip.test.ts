import { describe, expect, it } from 'vitest';
import { decideTrip } from '../../../src/breaker/decide-trip.js';
import type { WindowView } from '../../../src/breaker/fleet-window.js';

const view = (changes: Partial<WindowView>): WindowView => ({
  calls: 100,
  failed: 0,
  slow: 0,
  reporting: 5,
  failing: 0,
  slowing: 0,
  failedInARow: 0,
  failingInARow: 0,
  unansweredMs: 0,
  callsPerSecond: 2,
  retryAfterMs: 0,
  ...changes,
});

describe('decideTrip', () => {
  it.each<[what: string, changes: Partial<WindowView>]>([
    ['nothing failed', {}],
    ['half of the calls failed', { failed: 50, failing: 2 }],
    ['too few calls were made to tell', { calls: 4, failed: 4, failing: 4 }],
    ['seven failed in a row', { failedInARow: 7, failingInARow: 5, unansweredMs: 5_999 }],
    ['fewer failed in a row than are made in a second', { failedInARow: 39, failingInARow: 5, callsPerSecond: 40 }],
    ['nothing succeeded for long, and few failed', { failedInARow: 6, failingInARow: 5, unansweredMs: 60_000 }],
    ['most calls were slow', { slow: 85, slowing: 5 }],
    ['there were no calls', { calls: 0, reporting: 0 }],
  ])('leaves it closed while %s', (_what, changes) => {
    expect(decideTrip(view(changes))).toEqual({ kind: 'stay', reason: 'healthy' });
  });

  it.each<[reason: string, changes: Partial<WindowView>]>([
    ['failure_rate', { failed: 60, failing: 3 }],
    ['failure_rate', { calls: 5, failed: 5, reporting: 3, failing: 3 }],
    ['consecutive_failures', { failedInARow: 8, failingInARow: 2 }],
    ['consecutive_failures', { failedInARow: 40, failingInARow: 2, callsPerSecond: 40 }],
    ['consecutive_failures', { failedInARow: 8, failingInARow: 2, callsPerSecond: 40, unansweredMs: 1_000 }],
    ['consecutive_failures', { failedInARow: 7, failingInARow: 2, unansweredMs: 6_000 }],
    ['slow_calls', { slow: 90, slowing: 5 }],
    ['failure_rate', { opened: { workers: 2, reason: 'failure_rate' } }],
    ['consecutive_failures', { reporting: 1, opened: { workers: 1, reason: 'consecutive_failures' } }],
  ])('opens it for %s: %j', (reason, changes) => {
    expect(decideTrip(view(changes))).toEqual({ kind: 'trip', reason });
  });

  it.each<[workers: string, failing: number, reporting: number, kind: string]>([
    ['the only one', 1, 1, 'trip'],
    ['one of two', 1, 2, 'stay'],
    ['both', 2, 2, 'trip'],
    ['one of five', 1, 5, 'stay'],
    ['two of six', 2, 6, 'trip'],
    ['two of seven', 2, 7, 'stay'],
    ['thirty of a hundred', 30, 100, 'trip'],
    ['29 of a hundred', 29, 100, 'stay'],
  ])('asks for a quorum: %s', (_workers, failing, reporting, kind) => {
    expect(decideTrip(view({ failed: 90, failing, reporting })).kind).toBe(kind);
  });

  it('tells that the calls are bad, but not those of enough workers', () => {
    expect(decideTrip(view({ failed: 90, failing: 1 }))).toEqual({ kind: 'stay', reason: 'no_quorum' });
    expect(decideTrip(view({ failedInARow: 30, failingInARow: 1 }))).toEqual({ kind: 'stay', reason: 'no_quorum' });
    const opened = { workers: 1, reason: 'failure_rate' } as const;
    expect(decideTrip(view({ opened }))).toEqual({ kind: 'stay', reason: 'no_quorum' });
  });

  it('needs two workers for failures in a row however many report, because nobody has succeeded since', () => {
    expect(decideTrip(view({ failedInARow: 8, failingInARow: 2, reporting: 200 })).kind).toBe('trip');
  });

  it('opens for slow calls where too few workers see the failures', () => {
    const decision = decideTrip(view({ failed: 90, failing: 1, slow: 95, slowing: 4 }));

    expect(decision).toEqual({ kind: 'trip', reason: 'slow_calls' });
  });
});
