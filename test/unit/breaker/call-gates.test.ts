import { describe, expect, it } from 'vitest';
import { BreakerIsolatedError } from '../../../src/breaker/breaker-errors.js';
import type { CallGate } from '../../../src/breaker/call-gate.js';
import { refusalError } from '../../../src/breaker/refusal.js';
import { Cancellation } from '../../../src/job/cancellation.js';
import { defineDependency } from '../../../src/job/define-dependency.js';
import { DefinitionError } from '../../../src/job/definition-error.js';
import { callDependency } from '../../../src/worker/dependency-call.js';
import { testGates } from '../../support/test-gates.js';

const web = defineDependency({ name: 'web' });

/** A call that goes on until it is told to end. */
function hanging() {
  let end: () => void = () => undefined;
  const fn = () => new Promise<void>((resolve) => (end = resolve));
  const verdictOf = () => ({ class: 'transient' }) as const;
  const request = { fn, timeoutMs: 60_000, cancellation: new Cancellation(), verdictOf, pass: undefined };
  return { request, end: () => end() };
}

describe('CallGates', () => {
  it('has one gate for a dependency and one for each key of it', () => {
    const { gates } = testGates();

    expect(gates.of(web)).toBe(gates.of(web));
    expect(gates.of(web, 'eu')).toBe(gates.of(web, 'eu'));
    expect([gates.of(web).name, gates.of(web, 'eu').name, gates.of(web, '').name]).toEqual(['web', 'web/eu', 'web']);
  });

  it('refuses a key that is too long for a name, and says how long it may be', () => {
    const { gates } = testGates();

    expect(() => gates.of(web, 'x'.repeat(201))).toThrow(DefinitionError);
    expect(() => gates.of(web, 'x'.repeat(201))).toThrow('at most 200 characters, because it names a breaker; got 201');
    expect(gates.of(web, 'x'.repeat(200)).name).toHaveLength(204);
  });

  it('keeps a thousand, and drops the one that was used longest ago', () => {
    const { gates } = testGates();
    const first = gates.of(web, 'first');
    for (let key = 0; key < 998; key++) gates.of(web, `key-${key}`);
    expect(gates.of(web, 'first')).toBe(first);

    gates.of(web, 'one too many');

    expect(gates.size).toBe(1_000);
    expect(gates.find('web/key-0')).toBeUndefined();
    expect(gates.find('web/key-1')).toBeDefined();
    expect(gates.of(web, 'first')).toBe(first);
  });

  it('drops none that makes a call', async () => {
    const { gates } = testGates();
    const busy = gates.of(web, 'busy');
    const { request, end } = hanging();
    const answer = busy.call(request);

    for (let key = 0; key < 2_000; key++) gates.of(web, `key-${key}`);

    expect(gates.find('web/busy')).toBe(busy);
    end();
    await answer;
    for (let key = 0; key < 2_000; key++) gates.of(web, `again-${key}`);
    expect(gates.find('web/busy')).toBeUndefined();
  });

  it('drops none through which a call waits to go', async () => {
    const { gates, fleet, metrics, sync } = testGates();
    fleet.trip('web/waiting');
    fleet.release('web/waiting');
    sync();
    fleet.share = { given: 1, inMs: 30 };
    const verdictOf = () => ({ class: 'transient' }) as const;
    const cancellation = new Cancellation();
    const caller = { gates, metrics, cancellation, passes: undefined, entered: new Set<CallGate>(), verdictOf };
    const answer = callDependency(caller, web, async () => 'made', { key: 'waiting' });

    for (let key = 0; key < 2_000; key++) gates.of(web, `key-${key}`);

    expect(await answer).toBe('made');
    expect(gates.find('web/waiting')?.isIdle).toBe(true);
  });

  it('tells a gate that is made later what the fleet has decided before', () => {
    const { gates, fleet, sync } = testGates();
    gates.of(web);
    fleet.trip('web/eu');
    sync();

    expect(gates.of(web, 'eu').door()).toMatchObject({ kind: 'shut', by: 'fleet' });
    expect(gates.of(web, 'us').isFree).toBe(true);
  });

  it('holds up the first call until it knows what the fleet has decided', async () => {
    let hear: () => void = () => undefined;
    const { gates, fleet, metrics, sync } = testGates({ heard: new Promise<void>((resolve) => (hear = resolve)) });
    const verdictOf = () => ({ class: 'transient' }) as const;
    const cancellation = new Cancellation();
    const caller = { gates, metrics, cancellation, passes: undefined, entered: new Set<CallGate>(), verdictOf };
    fleet.isolate('web');
    let made = 0;
    const answer = callDependency(caller, web, async () => (made += 1), {}).catch((error: unknown) => error);

    await new Promise((resolve) => setImmediate(resolve));
    expect(made).toBe(0);
    sync();
    hear();

    expect(await answer).toBeInstanceOf(BreakerIsolatedError);
    expect(made).toBe(0);
  });

  it('makes the first call after a second when the fleet says nothing', async () => {
    const { gates, metrics } = testGates({ heard: new Promise(() => undefined) });
    const verdictOf = () => ({ class: 'transient' }) as const;
    const cancellation = new Cancellation();
    const caller = { gates, metrics, cancellation, passes: undefined, entered: new Set<CallGate>(), verdictOf };

    expect(gates.of(web).isFree).toBe(false);
    expect(await callDependency(caller, web, async () => 'made', {})).toBe('made');
    expect(gates.of(web).isFree).toBe(true);
  });

  it('isolates the keys of a dependency with it, and no key with another', async () => {
    const { gates, fleet, sync } = testGates();
    const [whole, eu] = [gates.of(web), gates.of(web, 'eu')];
    fleet.isolate('web');
    sync();

    const entry = await eu.enter();

    expect([whole.isFree, eu.isFree]).toEqual([false, false]);
    expect(entry).toMatchObject({ kind: 'refused', refusal: { breaker: 'web', by: 'fleet' } });
    if (entry.kind === 'refused') expect(refusalError(entry.refusal)).toBeInstanceOf(BreakerIsolatedError);
    fleet.release('web');
    fleet.trip('web');
    sync();
    expect(eu.isFree).toBe(true);
    expect(whole.isFree).toBe(false);
  });
});
