import { describe, expect, it } from 'vitest';
import { closedBreaker } from '../../../src/breaker/breaker-machine.js';
import { parseBreaker, parseReport } from '../../../src/breaker/parse-breaker.js';

const state = { ...closedBreaker('mail'), phase: 'open', until: 5, by: 'ada', why: 'test' };
const evidence = { breaker: 'mail', generation: 1, succeeded: 1, failed: 2, slow: 0, failedInARow: 2 };

describe('parseBreaker', () => {
  it('reads a breaker back', () => {
    expect(parseBreaker('mail', JSON.stringify(state))).toEqual(state);
  });

  it('takes a reason that a later version knows', () => {
    expect(parseBreaker('mail', JSON.stringify({ ...state, reason: 'moonshine' }))).toMatchObject({ phase: 'open' });
  });

  it.each([
    ['is no JSON', 'open'],
    ['is a number', '7'],
    ['is null', 'null'],
    ['is a list', '[]'],
    ['is of another name', JSON.stringify({ ...state, name: 'maps' })],
    ['has another phase', JSON.stringify({ ...state, phase: 'ajar' })],
    ['has no generation', JSON.stringify({ ...state, generation: undefined })],
    ['has a negative moment', JSON.stringify({ ...state, since: -1 })],
    ['has a moment that Redis would round', JSON.stringify({ ...state, until: 1e15 })],
    ['was isolated by a number', JSON.stringify({ ...state, by: 7 })],
    ['has no probes', JSON.stringify({ ...state, probes: null })],
    ['has a lease without a moment', JSON.stringify({ ...state, probes: { ...state.probes, leases: { a: 'x' } } })],
    ['has leases of nobody', JSON.stringify({ ...state, probes: { ...state.probes, leases: null } })],
  ])('takes for none what %s', (_what, json) => {
    expect(parseBreaker('mail', json)).toBeUndefined();
  });
});

describe('parseReport', () => {
  it('reads a report with its moment', () => {
    const report = { worker: 'w1', calls: [{ ...evidence, retryAfterMs: 9 }] };

    expect(parseReport(`1780000000000 ${JSON.stringify(report)}`)).toEqual({ at: 1_780_000_000_000, ...report });
  });

  it('leaves out what of its calls makes no sense', () => {
    const calls = [
      null,
      7,
      { ...evidence, failed: -1 },
      { ...evidence, breaker: '' },
      { ...evidence, retryAfterMs: 'x' },
    ];

    expect(parseReport(`1 ${JSON.stringify({ worker: 'w1', calls: [...calls, evidence] })}`)?.calls).toEqual([
      evidence,
    ]);
  });

  it.each([
    '',
    '1780000000000',
    JSON.stringify({ worker: 'w1', calls: [] }),
    'soon {"worker":"w1","calls":[]}',
    '1780000000000 {"worker":7,"calls":[]}',
    '1780000000000 {"worker":"w1","calls":{}}',
    '1780000000000 null',
    '1780000000000 {"worker":"w1",',
  ])('takes for none: %s', (text) => {
    expect(parseReport(text)).toBeUndefined();
  });
});
