import { assertNever } from '../errors/assert-never.js';
import type { DependencyDefinition } from '../job/define-dependency.js';
import type { CallGate } from './call-gate.js';
import type { CallGates } from './call-gates.js';
import type { Pass } from './entrance.js';
import type { Refusal } from './refusal.js';

export type Admission =
  | { readonly kind: 'admitted'; readonly passes: JobPasses }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** The rights of one job to make its first call of each dependency that is not simply free. */
export class JobPasses {
  readonly #passes = new Map<CallGate, Pass>();

  add(gate: CallGate, pass: Pass): void {
    this.#passes.set(gate, pass);
  }

  /** Takes the right for one gate; undefined when there is none, or it is used up. */
  take(gate: CallGate): Pass | undefined {
    const pass = this.#passes.get(gate);
    this.#passes.delete(gate);
    return pass;
  }

  /** Gives back what was not used. */
  giveBack(): void {
    for (const [gate, pass] of this.#passes) gate.giveBack(pass);
    this.#passes.clear();
  }
}

/**
 * Asks whether a job may start that needs all of these dependencies. Undefined when all of them are free, which is found out without a
 * promise. When one refuses, what the others gave is given back.
 */
export function admit(gates: CallGates, dependencies: readonly DependencyDefinition[]): Promise<Admission> | undefined {
  // Nearly always so, and then nothing is made for it.
  if (dependencies.every((dependency) => gates.of(dependency).isFree)) return undefined;
  return admitThrough(dependencies.map((dependency) => gates.of(dependency)).filter((gate) => !gate.isFree));
}

async function admitThrough(guarded: readonly CallGate[]): Promise<Admission> {
  const passes = new JobPasses();
  for (const gate of guarded) {
    const entry = await gate.admit();
    switch (entry.kind) {
      case 'pass':
        passes.add(gate, entry.pass);
        break;
      case 'refused':
        passes.giveBack();
        return entry;
      default:
        assertNever(entry);
    }
  }
  return { kind: 'admitted', passes };
}
