import { anything, type OptionShapes } from '../errors/option-faults.js';
import { assertOptions } from './assert-options.js';
import { DefinitionError } from './definition-error.js';

/** How the tenants of a queue share it. `{}` gives each the same share. */
export interface TenantOptions {
  /**
   * How much more than others a tenant gets while there is not enough for all: with 3, three of its jobs start where one of a tenant
   * without a weight does. Whole numbers from 1 to 100.
   * @defaultValue 1 for every tenant
   */
  readonly weights?: Readonly<Record<string, number>>;
  /**
   * How many jobs of one tenant run at once in the whole fleet. What it has more of waits, also while slots are free. Default: any number.
   */
  readonly maxSlots?: number;
}

/** How the tenants of a queue share it, as `defineQueue` resolved it. */
export interface TenantPolicy {
  readonly weights: ReadonlyMap<string, number>;
  readonly maxSlots: number | undefined;
}

const tenantShapes: OptionShapes<TenantOptions> = { weights: anything, maxSlots: anything };

const largestWeight = 100;

/**
 * Reads how the tenants of a queue share it. `what` names the queue.
 *
 * @throws DefinitionError when an option is unknown, or a weight or the number of slots is not usable.
 */
export function readTenantOptions(what: string, options: TenantOptions): TenantPolicy {
  assertOptions(what, options, tenantShapes, 'tenants');
  const { weights = {}, maxSlots } = options;
  if (typeof weights !== 'object' || weights === null || Array.isArray(weights)) {
    throw new DefinitionError(`${what}: tenants.weights must be an object of weights by tenant, such as { acme: 3 }`);
  }
  for (const [tenant, weight] of Object.entries(weights)) {
    if (Number.isInteger(weight) && weight >= 1 && weight <= largestWeight) continue;
    throw new DefinitionError(
      `${what}: tenants.weights: the weight of ${JSON.stringify(tenant)} must be a whole number from 1 to ${largestWeight}, got ${JSON.stringify(weight)}`,
    );
  }
  if (maxSlots !== undefined && !(Number.isInteger(maxSlots) && maxSlots >= 1)) {
    throw new DefinitionError(
      `${what}: tenants.maxSlots must be a whole number from 1, got ${JSON.stringify(maxSlots)}`,
    );
  }
  return Object.freeze({ weights: new Map(Object.entries(weights)), maxSlots });
}

/** The share of a tenant as its jobs keep it: weight and name. Jobs without a tenant share one. Pure. */
export function shareOf({ weights }: TenantPolicy, tenant = ''): string {
  return `${weights.get(tenant) ?? 1} ${tenant}`;
}
