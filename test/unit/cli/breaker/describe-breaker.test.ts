import { expect, it } from 'vitest';
import { describeBreaker } from '../../../../src/cli/breaker/describe-breaker.js';
import type { EpochMs } from '../../../../src/time/duration.js';
import { breakerState } from '../../../support/breaker-state.js';

const now = 100_000;
const leases = { 'w1/7': 105_000 as EpochMs };

it.each([
  ['nobody has heard of', breakerState({ generation: 0 }), 'closed'],
  [
    'opened',
    breakerState({ phase: 'open', reason: 'consecutive_failures', since: 88_000, until: 101_500 }),
    'open for 12s (calls failed in a row), probed again in 1.5s',
  ],
  [
    'opened again and again, and may be probed',
    breakerState({ phase: 'open', reason: 'probe_expired', since: 88_000, until: 99_000, openings: 3 }),
    'open for 12s (a probe got no answer, the 3rd opening in a row), probed with the next call',
  ],
  [
    'probes',
    breakerState({
      phase: 'half_open',
      reason: 'slow_calls',
      since: 98_000,
      probes: { leases, succeeded: 1, failed: 0 },
    }),
    'half-open for 2.0s (most calls were slow), 1 probe succeeded and 0 failed so far, 1 under way',
  ],
  [
    'an operator isolated for a time',
    breakerState({
      phase: 'isolated',
      reason: 'isolated',
      since: 40_000,
      until: 160_000,
      by: 'ada@host',
      why: 'moving',
    }),
    'isolated for 1m (by ada@host: moving), for another 1m',
  ],
  [
    'an operator released',
    breakerState({ reason: 'released', since: 95_000, by: 'ada@host', why: 'moved' }),
    'closed for 5.0s (by ada@host: moved)',
  ],
])('says of a breaker that %s what it does, why, and what it waits for', (_which, breaker, text) => {
  expect(describeBreaker(breaker, now)).toBe(text);
});
