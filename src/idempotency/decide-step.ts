/** What is known of a job's steps when one is asked for. */
export interface StepsSoFar {
  /** The steps that are done, in this run or in earlier ones. */
  readonly done: ReadonlySet<string> | ReadonlyMap<string, unknown>;
  /** Steps that were begun and not done, as far as a step that was done later has told. */
  readonly begun: ReadonlySet<string>;
  /** The steps that this run has asked for. */
  readonly asked: ReadonlySet<string>;
}

export type StepDecision =
  | { readonly kind: 'replay' }
  | { readonly kind: 'run' }
  /** Done or begun in an earlier run, and this one has not asked for them yet: either it is about to, or the code has changed. */
  | { readonly kind: 'wait'; readonly missing: readonly string[] };

/**
 * Decides what becomes of a step that was asked for. Pure.
 *
 * The danger is a step that got another name: it would do its work again. So a step that nobody has heard of runs only when all those
 * that are done, or were begun, have found their place in this run. Code that asks for its steps in the same order every time is there by
 * then, because whatever came before it in an earlier run it asks for first; only a branch beside it may need a moment more.
 */
export function decideStep(name: string, { done, begun, asked }: StepsSoFar): StepDecision {
  if (done.has(name)) return { kind: 'replay' };
  if (begun.has(name)) return { kind: 'run' };
  const missing = [...done.keys(), ...begun].filter((step) => !asked.has(step));
  return missing.length === 0 ? { kind: 'run' } : { kind: 'wait', missing };
}
