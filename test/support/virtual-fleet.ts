import type { TripReason } from '../../src/breaker/breaker-state.js';
import { decideTrip } from '../../src/breaker/decide-trip.js';
import { FleetWindow } from '../../src/breaker/fleet-window.js';

/** How often workers report. */
const reportMs = 500;

export interface VirtualFleetOptions {
  readonly workers: number;
  /** Calls a second of the whole fleet; they come by chance, as from many independent users. */
  readonly callsPerSecond: number;
  readonly random: () => number;
  /** Whether a call of this worker fails at this moment. */
  readonly fails: (worker: number, now: number) => boolean;
  /** Whether this worker makes calls at this moment; all do unless something is said. */
  readonly calls?: (worker: number, now: number) => boolean;
}

export interface VirtualTrip {
  readonly at: number;
  readonly reason: TripReason;
}

interface Unreported {
  succeeded: number;
  failed: number;
  failedInARow: number;
}

/**
 * A fleet on a clock of its own: calls come, workers report them, a leader decides. Yields the moments at which the breaker opens, and goes on
 * as if it had closed at once with a new generation.
 */
export function* virtualFleet(
  { workers, callsPerSecond, random, fails, calls: isCalling = () => true }: VirtualFleetOptions,
  untilMs: number,
): Generator<VirtualTrip> {
  const unreported = new Map<number, Unreported>();
  const pauseMs = () => (-Math.log(1 - random()) * 1_000) / callsPerSecond;
  let window = new FleetWindow();
  let nextCall = pauseMs();
  for (let now = 0; now <= untilMs; now += reportMs) {
    for (; nextCall <= now; nextCall += pauseMs()) {
      const worker = Math.floor(random() * workers);
      if (!isCalling(worker, nextCall)) continue;
      const calls = unreported.get(worker) ?? { succeeded: 0, failed: 0, failedInARow: 0 };
      unreported.set(worker, calls);
      if (fails(worker, nextCall)) {
        calls.failed++;
        calls.failedInARow++;
      } else {
        calls.succeeded++;
        calls.failedInARow = 0;
      }
    }
    // The leader judges the breakers that were heard of.
    if (unreported.size === 0) continue;
    for (const [worker, calls] of unreported) window.record(`w${worker}`, { ...calls, slow: 0 }, now);
    unreported.clear();
    const decision = decideTrip(window.view(now));
    if (decision.kind === 'trip') {
      yield { at: now, reason: decision.reason };
      window = new FleetWindow();
    }
  }
}
