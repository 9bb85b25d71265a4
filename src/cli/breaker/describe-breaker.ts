import type { BreakerPhase, BreakerReason, BreakerState } from '../../breaker/breaker-state.js';
import type { Format } from '../output.js';
import { counted, spokenDuration } from '../wording.js';

const reasons: Readonly<Record<BreakerReason, string>> = {
  failure_rate: 'most calls failed',
  consecutive_failures: 'calls failed in a row',
  slow_calls: 'most calls were slow',
  probe_failed: 'a probe failed',
  probe_expired: 'a probe got no answer',
  probes_succeeded: 'probes succeeded',
  isolated: 'isolated',
  isolation_expired: 'its isolation ran out',
  released: 'released',
};

export const phaseWords: Readonly<Record<BreakerPhase, string>> = {
  closed: 'closed',
  open: 'open',
  half_open: 'half-open',
  isolated: 'isolated',
};

export const phaseFormats: Readonly<Record<BreakerPhase, Format>> = {
  closed: 'green',
  open: 'red',
  half_open: 'yellow',
  isolated: 'magenta',
};

/** A breaker in one line: `open for 12s (a probe failed, the 3rd opening in a row), probed again in 4.2s`. Pure. */
export function describeBreaker(breaker: BreakerState, now: number): string {
  const { phase, generation, since } = breaker;
  if (generation === 0) return 'closed';
  const next = nextOf(breaker, now);
  const state = `${phaseWords[phase]} for ${spokenDuration(now - since)} (${whyOf(breaker)})`;
  return next === '' ? state : `${state}, ${next}`;
}

/** Why it is in its phase: who did it and what for, or what was found. */
export function whyOf({ phase, reason, by, why, openings }: BreakerState): string {
  if (by !== undefined) return `by ${by}${why === undefined ? '' : `: ${why}`}`;
  const again = phase === 'open' && openings > 1 ? `, the ${ordinal(openings)} opening in a row` : '';
  return `${reasons[reason]}${again}`;
}

/** What it waits for. */
export function nextOf({ phase, until, probes }: BreakerState, now: number): string {
  switch (phase) {
    case 'open':
      return until === undefined || until <= now
        ? 'probed with the next call'
        : `probed again in ${spokenDuration(until - now)}`;
    case 'half_open': {
      const underWay = Object.keys(probes.leases).length;
      const told = `${counted(probes.succeeded, 'probe')} succeeded and ${probes.failed} failed so far`;
      return `${told}, ${underWay} under way`;
    }
    case 'isolated':
      return until === undefined ? 'until it is released' : `for another ${spokenDuration(until - now)}`;
    default:
      return '';
  }
}

function ordinal(count: number): string {
  const [ten, last] = [Math.floor(count / 10) % 10, count % 10];
  const ending = ten === 1 ? 'th' : ({ 1: 'st', 2: 'nd', 3: 'rd' }[last] ?? 'th');
  return `${count}${ending}`;
}
