import { describe, expect, it } from 'vitest';
import { parseScaleRecord } from '../../../src/scaling/scale-record.js';
import { parseScaleRule, underRule } from '../../../src/scaling/scale-rule.js';

describe('underRule', () => {
  it.each<[number, { min?: number; max?: number } | undefined, number]>([
    [5, undefined, 5],
    [5, {}, 5],
    [5, { min: 8 }, 8],
    [5, { max: 3 }, 3],
    [5, { min: 4, max: 4 }, 4],
    [5, { min: 2, max: 9 }, 5],
    [5, { max: 0 }, 0],
  ])('of %i under %j is %i', (replicas, rule, expected) => {
    expect(underRule(replicas, rule)).toBe(expected);
  });
});

describe('parseScaleRule', () => {
  it('reads a rule', () => {
    expect(parseScaleRule('{"min":2,"max":4,"by":"ada","why":"launch"}')).toEqual({
      min: 2,
      max: 4,
      by: 'ada',
      why: 'launch',
    });
  });

  it.each(['', 'no json', 'null', '7', '{}', '{"min":2}'])('takes %j for no rule', (json) => {
    expect(parseScaleRule(json)).toBeUndefined();
  });

  it('leaves out an end that is no count', () => {
    expect(parseScaleRule('{"min":"many","max":-1,"by":"ada","why":"launch"}')).toEqual({ by: 'ada', why: 'launch' });
  });
});

describe('parseScaleRecord', () => {
  it.each([
    '',
    '[]',
    '{"group":"a"}',
    '{"group":"a","desired":"3","queues":[],"steady":{"desired":3}}',
    '{"group":"a","desired":3,"queues":[]}',
    '{"group":"a","desired":3,"queues":[],"steady":{"desired":3},"held":3,"heldSince":"now"}',
  ])('takes %j for no record', (json) => {
    expect(parseScaleRecord(json)).toBeUndefined();
  });
});
