import type { ShedDirective } from '../../src/shedding/directive.js';
import type { EpochMs } from '../../src/time/duration.js';

/** A directive that sheds nothing, but for what is given. */
export function shedDirective(overrides: Partial<ShedDirective> = {}): ShedDirective {
  return {
    fence: 1,
    seq: 1,
    at: 0 as EpochMs,
    expiresAt: 10_000 as EpochMs,
    share: 0,
    cut: 0,
    reason: undefined,
    memoryShort: [],
    gates: {},
    ...overrides,
  };
}
