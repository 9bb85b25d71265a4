/** What an operator set for a group, until it ends or is released. Where both ends are the same, the number is fixed. */
export interface ScaleRule {
  readonly min?: number;
  readonly max?: number;
  readonly by: string;
  readonly why: string;
}

/** A rule, and for how long it still holds. */
export interface RuleInForce extends ScaleRule {
  readonly forMs: number;
}

/** How many workers a group gets under a rule. The operator's word goes before every gate. Pure. */
export function underRule(replicas: number, rule: Pick<ScaleRule, 'min' | 'max'> | undefined): number {
  return Math.max(rule?.min ?? 0, Math.min(rule?.max ?? Number.POSITIVE_INFINITY, replicas));
}

/** Reads a stored rule; undefined for what is none. */
export function parseScaleRule(json: string): ScaleRule | undefined {
  const { min, max, by, why } = parsedObject(json);
  if (typeof by !== 'string' || typeof why !== 'string') return undefined;
  return { ...(isCount(min) && { min }), ...(isCount(max) && { max }), by, why };
}

/** Reads JSON that anybody may have written; empty when it is no object. */
export function parsedObject(json: string): Partial<Record<string, unknown>> {
  try {
    return Object(JSON.parse(json)) as Partial<Record<string, unknown>>;
  } catch {
    // Not JSON: somebody else wrote it.
    return {};
  }
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
