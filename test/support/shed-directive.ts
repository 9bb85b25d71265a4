import type { ShedDirective } from '../../src/shedding/directive.js';

/** A directive that sheds nothing, but for what is given. */
export function shedDirective(overrides: Partial<ShedDirective> = {}): ShedDirective {
  return {
    fence: 1,
    seq: 1,
    share: 0,
    cut: 0,
    reason: undefined,
    memoryShort: [],
    full: [],
    gates: {},
    ...overrides,
  };
}
