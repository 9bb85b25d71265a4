import { errorChain } from '../retry/error-chain.js';
import type { CallGate } from './call-gate.js';
import type { Refusal } from './refusal.js';

/** Beside the errors, not in them: they are other people's, may be frozen, and are shown and stored with all their fields. */
const gates = new WeakMap<object, CallGate>();

/** Remembers through which gate the call went that threw this, and that it counted against the dependency. */
export function markFailedCall(thrown: unknown, gate: CallGate): void {
  if (typeof thrown === 'object' && thrown !== null) gates.set(thrown, gate);
}

/**
 * Whether what a handler threw came out of a call whose breaker lets none through by now: it failed because the dependency is away, and not
 * because of its job. Undefined when it did not. Never throws.
 */
export function outageIn(thrown: unknown): Refusal | undefined {
  try {
    for (const error of errorChain(thrown)) {
      const gate = gates.get(error);
      if (gate !== undefined) return gate.refusal();
    }
  } catch {
    // The error's own code threw while it was looked at: nobody can say what caused it.
  }
  return undefined;
}
