import type { BreakerState } from '../../src/breaker/breaker-state.js';
import type { EpochMs } from '../../src/time/duration.js';

type Given = Partial<Omit<BreakerState, 'since' | 'until'>> & { readonly since?: number; readonly until?: number };

/** A breaker that says only what matters; closed by its probes unless something else is said. */
export function breakerState({ since = 0, until, ...given }: Given = {}): BreakerState {
  return {
    name: 'smtp',
    generation: 1,
    phase: 'closed',
    reason: 'probes_succeeded',
    openings: 1,
    callsPerSecond: 0,
    callers: 0,
    probes: { leases: {}, succeeded: 0, failed: 0 },
    ...given,
    since: since as EpochMs,
    ...(until !== undefined && { until: until as EpochMs }),
  };
}
