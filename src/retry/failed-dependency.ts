import { errorChain } from './error-chain.js';

/** Beside the errors, not in them: they are other people's, may be frozen, and are shown and stored with all their fields. */
const dependencies = new WeakMap<object, string>();

/** Remembers which dependency's call threw this. What is no object, such as a thrown text, cannot be remembered. */
export function markFailedDependency(thrown: unknown, dependency: string): void {
  if (typeof thrown === 'object' && thrown !== null) dependencies.set(thrown, dependency);
}

/** The dependency whose call made a handler fail: what the handler threw, or one of its causes, came out of that call. */
export function failedDependency(thrown: unknown): string | undefined {
  try {
    for (const error of errorChain(thrown)) {
      const dependency = dependencies.get(error);
      if (dependency !== undefined) return dependency;
    }
  } catch {
    // The error's own code threw while it was looked at: nobody can say what caused it.
  }
  return undefined;
}
