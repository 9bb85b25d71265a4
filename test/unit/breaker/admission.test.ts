import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/breaker/admission.js';
import { defineDependency } from '../../../src/job/define-dependency.js';
import { ThrottledError } from '../../../src/retry/errors.js';
import { testGates } from '../../support/test-gates.js';
import { call, failing, failUntilOpen, fine, halfOpenGate, passOf, smtp } from './gate-calls.js';

const crm = defineDependency({ name: 'crm', timeout: '1s' });

describe('admit', () => {
  it('needs no promise where everything is free', () => {
    const { gates } = testGates();

    expect(admit(gates, [])).toBeUndefined();
    expect(admit(gates, [smtp, crm])).toBeUndefined();
  });

  it('gives back what one breaker allowed when another refuses', async () => {
    const { gates, fleet, sync, clock } = testGates();
    for (const dependency of [smtp, crm]) gates.of(dependency);
    fleet.trip('smtp', { openForMs: 0 });
    fleet.trip('crm', { openForMs: 60_000 });
    sync();
    clock.time += 1;

    const admission = await admit(gates, [smtp, crm]);

    expect(admission).toMatchObject({ kind: 'refused', refusal: { breaker: 'crm', by: 'fleet' } });
    expect(fleet.settled).toEqual(['smtp ignored']);
  });

  it('gives a job one pass for each breaker, for its first call', async () => {
    const { gates, gate, fleet } = halfOpenGate();

    const admission = await admit(gates, [smtp, crm]);

    if (admission?.kind !== 'admitted') throw new Error('expected it to be admitted');
    expect(admission.passes.take(gate)).toMatchObject({ kind: 'probe', by: 'fleet' });
    expect(admission.passes.take(gate)).toBeUndefined();
    admission.passes.giveBack();
    expect(fleet.settled).toEqual([]);
  });

  it('gives back a pass that the job did not use', async () => {
    const { gates, fleet } = halfOpenGate();

    const admission = await admit(gates, [smtp]);
    if (admission?.kind !== 'admitted') throw new Error('expected it to be admitted');
    admission.passes.giveBack();

    expect(fleet.settled).toEqual(['smtp ignored']);
  });
});

describe('a job that was admitted as a probe', () => {
  const slow = defineDependency({ name: 'slow', timeout: '1s' });

  it('makes its call however much later that is, and tells what came of it', async () => {
    const { gate, fleet, clock } = halfOpenGate(slow);
    const pass = await passOf(gate.admit());

    clock.time += 60_000;
    await gate.admit();
    if (pass.kind !== 'probe') throw new Error('expected a probe');
    await call(gate, fine, await passOf(gate.begin(pass, 1_000)));

    expect(fleet.state('slow')).toMatchObject({ phase: 'half_open', probes: { succeeded: 1, failed: 0 } });
  });

  it('makes a call that takes longer than others in the time of its own', async () => {
    const { gate, fleet, clock } = halfOpenGate(slow);

    const long = async () => {
      clock.time += 50_000;
    };
    await call(gate, long, await passOf(gate.enter(60_000)));

    expect(fleet.state('slow')).toMatchObject({ phase: 'half_open', probes: { succeeded: 1 } });
  });

  it('makes its call also as a probe of the worker’s own breaker', async () => {
    const { gates, clock } = testGates();
    const gate = gates.of(slow);
    await failUntilOpen(gate);
    clock.time += 3_000;
    const pass = await passOf(gate.admit());

    clock.time += 60_000;
    if (pass.kind !== 'probe') throw new Error('expected a probe');
    await call(gate, fine, await passOf(gate.begin(pass, 1_000)));

    expect(gate.door().kind).toBe('rationed');
  });

  it('keeps to what the dependency asked of a probe of the worker’s own breaker', async () => {
    const { gates, clock } = testGates();
    const gate = gates.of(slow);
    await failUntilOpen(gate);
    clock.time += 3_000;

    await call(gate, failing(new ThrottledError('later', { retryAfter: '2m' })), await passOf(gate.enter()));

    expect(gate.door()).toMatchObject({ kind: 'shut', by: 'worker', forMs: 120_000 });
  });

  it('makes none when the breaker has opened meanwhile', async () => {
    const { gate, fleet } = halfOpenGate(slow);
    const pass = await passOf(gate.admit());

    fleet.isolate('slow');
    if (pass.kind !== 'probe') throw new Error('expected a probe');
    expect(await gate.begin(pass, 1_000)).toMatchObject({ kind: 'refused', refusal: { state: { phase: 'isolated' } } });
  });
});
