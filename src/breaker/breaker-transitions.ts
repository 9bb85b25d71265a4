import type { BreakerPhase, BreakerReason, BreakerState } from './breaker-state.js';

/** A breaker went from one phase to another. */
export interface BreakerTransition {
  readonly from: BreakerPhase;
  readonly to: BreakerPhase;
  readonly reason: BreakerReason;
  /** The breaker as it was when it was looked at, which may be later. */
  readonly state: BreakerState;
}

/** The phases between two, with the second one: what a breaker passes through on its way. Between phases that are not here is nothing. */
const ways: Readonly<Record<BreakerPhase, Partial<Record<BreakerPhase, readonly BreakerPhase[]>>>> = {
  closed: { open: ['open'], half_open: ['open', 'half_open'], isolated: ['isolated'] },
  open: { half_open: ['half_open'], closed: ['half_open', 'closed'], isolated: ['isolated'] },
  half_open: { open: ['open'], closed: ['closed'], isolated: ['isolated'] },
  isolated: { open: ['open'], half_open: ['open', 'half_open'], closed: ['closed'] },
};

/** From where a breaker comes to its phase for this reason; undefined when an operator brought it there from anywhere. */
function originOf({ phase, reason }: BreakerState): BreakerPhase | undefined {
  if (phase === 'half_open') return 'open';
  switch (reason) {
    case 'failure_rate':
    case 'consecutive_failures':
    case 'slow_calls':
      return 'closed';
    case 'probe_failed':
    case 'probe_expired':
    case 'probes_succeeded':
      return 'half_open';
    case 'isolation_expired':
      return 'isolated';
    default:
      return undefined;
  }
}

/**
 * What happened to breakers between two looks at them. Workers open and close them without the leader, so one may have moved several times in
 * between: its phases and the reason of the last move say by which way at least. Pure.
 *
 * One that is in the first look alone was forgotten, which is no transition; one that is in the second alone was closed.
 */
export function transitionsBetween(
  before: ReadonlyMap<string, BreakerState>,
  after: readonly BreakerState[],
): BreakerTransition[] {
  return after.flatMap((state) => {
    const known = before.get(state.name);
    if (state.generation === (known?.generation ?? 0)) return [];
    return stepsTo(state, known?.phase ?? 'closed').map((step) => ({ ...step, state }));
  });
}

function stepsTo(state: BreakerState, start: BreakerPhase): Pick<BreakerTransition, 'from' | 'to' | 'reason'>[] {
  const origin = originOf(state) ?? start;
  const way = [...(ways[start][origin] ?? []), state.phase];
  const steps = way.map((to, index) => ({ from: way[index - 1] ?? start, to, reason: state.reason }));
  // Isolated once more, until another time or for another reason.
  return steps.filter(({ from, to }) => from !== to);
}
