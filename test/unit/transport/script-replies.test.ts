import { describe, expect, it } from 'vitest';
import {
  activeOwnersScript,
  deadLetterScript,
  jobOutcomesScript,
  leaseRenewScript,
  queueSampleScript,
  releaseScript,
} from '../../../src/transport/scripts.js';

describe.each([
  ['release', releaseScript],
  ['dead-letter', deadLetterScript],
])('the reply of %s', (_name, script) => {
  it.each<[unknown, string]>([
    [-1, 'job_gone'],
    [-2, 'lease_lost'],
    [-3, 'lease_lost'],
    [-6, 'lease_lost'],
    [-7, 'deposed'],
  ])('%j means %s', (raw, expected) => {
    expect(script.definition.reply(raw)).toBe(expected);
  });

  it.each([-4, 1, null, undefined, [], 'OK'.length])('%j is not understood', (raw) => {
    expect(() => script.definition.reply(raw)).toThrow(TypeError);
  });
});

describe('the reply of a transition that was done', () => {
  it.each([
    ['release', releaseScript, 0],
    ['dead-letter', deadLetterScript, '42~2'],
  ])('of %s is done', (_name, script, raw) => {
    expect(script.definition.reply(raw)).toBe('done');
  });
});

describe('the reply of lease-renew', () => {
  it('lists the ids whose lease is lost, as texts', () => {
    expect(leaseRenewScript.definition.reply(['a', 7])).toEqual(['a', '7']);
    expect(() => leaseRenewScript.definition.reply('a')).toThrow(TypeError);
  });
});

describe('the reply of queue-sample', () => {
  it('is a count for each state, and when the oldest was enqueued', () => {
    expect(queueSampleScript.definition.reply([1, 2, 3, 4, 5, 6, 7, 8, 1, 1_700_000_000_000])).toEqual({
      waiting: 1,
      prioritized: 2,
      delayed: 3,
      active: 4,
      completed: 5,
      failed: 6,
      'waiting-children': 7,
      dead_lettered: 8,
      paused: true,
      oldestEnqueuedAt: 1_700_000_000_000,
    });
  });

  it('knows no oldest job when none waits', () => {
    expect(queueSampleScript.definition.reply([0, 0, 0, 0, 0, 0, 0, 0, 0, -1])).toMatchObject({
      paused: false,
      oldestEnqueuedAt: undefined,
    });
  });
});

describe('the reply of active-owners', () => {
  it('says who holds each job and how often it crashed a worker', () => {
    expect(
      activeOwnersScript.definition.reply([
        ['a', 'bw/w/1', '0'],
        ['b', '', '2'],
        ['c', '', 'many'],
      ]),
    ).toEqual([
      { id: 'a', token: 'bw/w/1', crashes: 0 },
      { id: 'b', token: '', crashes: 2 },
      { id: 'c', token: '', crashes: 0 },
    ]);
  });
});

describe('the reply of job-outcomes', () => {
  it('says how far each job is', () => {
    const record = { reason: 'permanent_error' };

    expect(
      jobOutcomesScript.definition.reply([
        ['pending', ''],
        ['gone', ''],
        ['completed', '{"sent":true}'],
        ['dead_lettered', JSON.stringify(record)],
        ['failed', '"no route"'],
      ]),
    ).toEqual([
      { state: 'pending' },
      { state: 'gone' },
      { state: 'completed', result: { sent: true } },
      { state: 'dead_lettered', record },
      { state: 'failed', message: 'no route' },
    ]);
  });

  it('is not understood when it has a state there is not', () => {
    expect(() => jobOutcomesScript.definition.reply([['lost', '']])).toThrow(TypeError);
  });
});
