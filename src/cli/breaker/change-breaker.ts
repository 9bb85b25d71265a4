import { longestBreaker } from '../../breaker/breaker-policy.js';
import type { BreakerPhase, BreakerState } from '../../breaker/breaker-state.js';
import { operatorName } from '../operator.js';
import type { RedisSession } from '../redis-session.js';
import { UsageError } from '../usage-error.js';

export type Change =
  | { readonly kind: 'isolate'; readonly why: string; readonly forMs?: number }
  | { readonly kind: 'release'; readonly why: string };

export interface ChangeResult {
  readonly name: string;
  /** The phase that it was in. */
  readonly before: BreakerPhase;
  /** Whether anything was known of it. */
  readonly wasKnown: boolean;
  /** What it is now; null when nothing was changed. */
  readonly breaker: BreakerState | null;
}

/** Whoever looks at it wants a sentence. */
const longestWhy = 500;

/**
 * Isolates or releases a breaker on behalf of an operator: the audit stream is told first.
 *
 * @throws UsageError when the name can be no breaker's, or the reason is too long or empty.
 */
export async function changeBreaker(
  redis: RedisSession,
  name: string,
  change: Change,
  dryRun: boolean,
): Promise<ChangeResult> {
  assertSayable(name, change.why);
  const { states } = await redis.breakers.list();
  const known = states.find((state) => state.name === name);
  const before = known?.phase ?? 'closed';
  const result = { name, before, wasKnown: known !== undefined, breaker: null };
  if (dryRun || (change.kind === 'release' && before === 'closed')) return result;
  const { kind, ...given } = change;
  const { why, ...details } = given;
  await redis.writeDown({ what: `breaker.${kind}`, breaker: name, why, details: { before, ...details } });
  const breaker = await redis.breakers[kind](name, { by: operatorName(), ...given });
  return { ...result, breaker };
}

function assertSayable(name: string, why: string): void {
  if (name === '' || name.length > longestBreaker) {
    throw new UsageError(`a breaker has a name of at most ${longestBreaker} characters, got ${name.length}`);
  }
  if (why.trim() === '' || why.length > longestWhy) {
    throw new UsageError(`say why in at most ${longestWhy} characters, got ${why.trim().length}`);
  }
}
