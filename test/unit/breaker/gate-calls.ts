import type { CallGate } from '../../../src/breaker/call-gate.js';
import type { Entry, Pass } from '../../../src/breaker/entrance.js';
import { Cancellation } from '../../../src/job/cancellation.js';
import { type DependencyDefinition, defineDependency } from '../../../src/job/define-dependency.js';
import { classifyError } from '../../../src/retry/classify.js';
import { TransientError } from '../../../src/retry/errors.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { testGates } from '../../support/test-gates.js';

export const smtp = defineDependency({ name: 'smtp', timeout: '1s', slow: '100ms' });

export const fine = async () => 'fine';
export const failing = (error: unknown) => () => Promise.reject(error);
export const down = failing(new TransientError('no route'));

/** Makes a call, and says what came of it. */
export function call(gate: CallGate, fn: () => Promise<unknown>, pass?: Pass, cancellation = new Cancellation()) {
  const verdictOf = (error: unknown) => classifyError(error, 0 as EpochMs);
  return gate.call({ fn, timeoutMs: 1_000, cancellation, verdictOf, pass }).catch((error: unknown) => error);
}

/** As many failures as it takes for a worker's own breaker to open. */
export async function failUntilOpen(gate: CallGate): Promise<void> {
  for (let tries = 0; tries < 8; tries++) await call(gate, down);
}

export async function passOf(entry: Entry | Promise<Entry>): Promise<Pass> {
  const entered = await entry;
  if (entered.kind === 'refused') throw new Error('expected a pass, got a refusal');
  return entered.pass;
}

/** A gate whose breaker the fleet had opened, for so long. */
export function halfOpenGate(
  dependency: DependencyDefinition = smtp,
  openForMs = 0,
): ReturnType<typeof testGates> & { readonly gate: CallGate } {
  const test = testGates();
  const gate = test.gates.of(dependency);
  test.fleet.trip(dependency.name, { openForMs });
  test.sync();
  test.clock.time += Math.max(1, openForMs);
  return { ...test, gate };
}
