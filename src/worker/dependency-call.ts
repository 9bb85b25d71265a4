import type { JobPasses } from '../breaker/admission.js';
import type { CallGate, CallRequest } from '../breaker/call-gate.js';
import type { CallGates } from '../breaker/call-gates.js';
import type { Entry, Pass } from '../breaker/entrance.js';
import { refusalError } from '../breaker/refusal.js';
import { waitForTurn } from '../breaker/wait-for-turn.js';
import type { Cancellation } from '../job/cancellation.js';
import type { DependencyDefinition } from '../job/define-dependency.js';
import type { ErrorVerdict } from '../job/error-verdict.js';
import type { CallOptions } from '../job/job-context.js';
import type { Metrics } from '../telemetry/metrics.js';
import { type DurationInput, longestTimerMs, parseDuration } from '../time/duration.js';

/** The job on whose behalf calls are made. */
export interface Caller {
  readonly gates: CallGates;
  readonly metrics: Pick<Metrics, 'breakerCalls'>;
  readonly cancellation: Cancellation;
  /** What it was given before it started; undefined where all of its dependencies were free. */
  readonly passes: JobPasses | undefined;
  /** The gates that were not simply free when it called through them. */
  readonly entered: Set<CallGate>;
  /** Says what an error of a call means. */
  readonly verdictOf: (error: unknown) => ErrorVerdict;
}

/**
 * Calls something outside under its timeout and its breaker, as part of a job. The call ends when `fn` does, when the timeout is over, or
 * when the job is aborted, whichever comes first; `fn` is told by its signal and is not waited for after that.
 *
 * @throws CallRefusedError when the call was not made; RangeError when its timeout is none; DependencyTimeoutError after the timeout; the job's
 * abort reason; whatever `fn` throws.
 */
export function callDependency<T>(
  caller: Caller,
  dependency: DependencyDefinition,
  fn: (signal: AbortSignal) => Promise<T> | T,
  { key, timeout }: CallOptions,
): Promise<T> {
  const { gates, cancellation, passes, verdictOf } = caller;
  try {
    if (cancellation.reason) throw cancellation.reason;
    const timeoutMs = timeout === undefined ? dependency.timeoutMs : readTimeout(dependency, timeout);
    const gate = gates.of(dependency, key);
    const pass = passes?.take(gate);
    const request = { fn, timeoutMs, cancellation, verdictOf, pass };
    // Without a promise of its own where the gate is free.
    if (pass === undefined && gate.isFree) return gate.call(request);
    return pass?.kind === 'free' ? callAdmitted(gate, request, caller) : callThrough(gate, request, caller);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A timer of 0 would never run out; one that is longer than any can be runs as long as the job. */
function readTimeout({ name }: DependencyDefinition, timeout: DurationInput): number {
  const ms = parseDuration(timeout);
  if (ms > 0) return Math.min(ms, longestTimerMs);
  throw new RangeError(
    `a call of ${name} must have a timeout above zero, got ${JSON.stringify(timeout)}; leave it out for that of the dependency`,
  );
}

function callAdmitted<T>(gate: CallGate, request: CallRequest<T>, { entered }: Caller): Promise<T> {
  entered.add(gate);
  return gate.call(request);
}

/** Asks first whether the call may be made. */
async function callThrough<T>(gate: CallGate, request: CallRequest<T>, caller: Caller): Promise<T> {
  gate.hold();
  try {
    const pass = await enter(gate, request, caller);
    const { reason } = caller.cancellation;
    if (reason === undefined) return await callAdmitted(gate, { ...request, pass }, caller);
    gate.giveBack(pass);
    throw reason;
  } finally {
    gate.release();
  }
}

async function enter(
  gate: CallGate,
  { pass, timeoutMs }: Pick<CallRequest<unknown>, 'pass' | 'timeoutMs'>,
  { metrics, entered, cancellation }: Caller,
): Promise<Pass> {
  const ask = (): Entry | Promise<Entry> => {
    if (pass?.kind === 'probe') return gate.begin(pass, timeoutMs);
    const isOver = () => cancellation.reason !== undefined;
    return entered.has(gate) ? waitForTurn(gate, timeoutMs, isOver) : gate.enter(timeoutMs);
  };
  const entry = await ask();
  if (entry.kind === 'pass') return entry.pass;
  metrics.breakerCalls.inc({ dependency: gate.dependency.name, result: 'rejected' });
  throw refusalError(entry.refusal);
}
