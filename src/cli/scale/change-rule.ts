import type { ScaleRule } from '../../scaling/scale-rule.js';
import { operatorName } from '../operator.js';
import type { RedisSession } from '../redis-session.js';
import { UsageError } from '../usage-error.js';
import { requireGroup } from './require-group.js';

/** What an operator says of a group. */
export interface RuleGiven {
  readonly min?: number;
  readonly max?: number;
  readonly exactly?: number;
  readonly why: string;
  readonly forMs: number;
}

/** Whoever looks at it wants a sentence. */
const longestWhy = 500;

/**
 * Sets how many workers a group gets. The audit stream is told first.
 *
 * @returns the rule, and the one that it replaces or undefined.
 * @throws UsageError when the numbers do not fit together, or nothing belongs to the group.
 */
export async function setRule(redis: RedisSession, group: string, given: RuleGiven, dryRun: boolean) {
  assertSayable(given.why);
  const ends = endsOf(given);
  await requireGroup(redis, group);
  const rule: ScaleRule = { ...ends, by: operatorName(), why: given.why };
  const before = (await redis.scale.rules([group])).get(group);
  if (!dryRun) {
    await redis.writeDown({ what: 'scale.set', group, why: given.why, details: { ...ends, forMs: given.forMs } });
    await redis.scale.setRule(group, rule, given.forMs);
  }
  return { rule, before };
}

/**
 * Ends what was set for a group. The audit stream is told first.
 *
 * @returns the rule that it ends; undefined when there was none, and nothing was done.
 * @throws UsageError when nothing belongs to the group.
 */
export async function releaseRule(redis: RedisSession, group: string, why: string, dryRun: boolean) {
  assertSayable(why);
  await requireGroup(redis, group);
  const before = (await redis.scale.rules([group])).get(group);
  if (before === undefined || dryRun) return before;
  const { min, max } = before;
  await redis.writeDown({ what: 'scale.release', group, why, details: { min, max } });
  await redis.scale.releaseRule(group);
  return before;
}

function endsOf({ min, max, exactly }: RuleGiven): Pick<ScaleRule, 'min' | 'max'> {
  if (exactly !== undefined) {
    if (min !== undefined || max !== undefined) throw new UsageError('say --exactly, or --min and --max, not both');
    return { min: exactly, max: exactly };
  }
  if (min === undefined && max === undefined) throw new UsageError('say how many: --min, --max, both, or --exactly');
  if (min !== undefined && max !== undefined && min > max) {
    throw new UsageError(`--min must not be above --max, got ${min} and ${max}`);
  }
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}

function assertSayable(why: string): void {
  if (why.trim() !== '' && why.length <= longestWhy) return;
  throw new UsageError(`say why in at most ${longestWhy} characters, got ${why.trim().length}`);
}
