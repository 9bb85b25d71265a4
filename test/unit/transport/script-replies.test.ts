import { describe, expect, it } from 'vitest';
import {
  type CancelReply,
  cancelScript,
  deadLetterScript,
  leaseRenewScript,
  quarantineScript,
  releaseScript,
  takeSuspectScript,
} from '../../../src/transport/transition-scripts.js';
import {
  activeOwnersScript,
  jobOutcomesScript,
  queueSampleScript,
  suspectsScript,
} from '../../../src/transport/view-scripts.js';
import { jobCrashes } from '../../support/orphan.js';

describe.each([
  ['release', releaseScript],
  ['quarantine', quarantineScript],
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
    ['quarantine', quarantineScript, 0],
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
  it('is a count for each state, and since when the oldest could start', () => {
    expect(queueSampleScript.definition.reply([1, 2, 3, 4, 5, 6, 7, 8, 1, 1_700_000_000_000, 9, 10, 11, 12])).toEqual({
      waiting: 1,
      prioritized: 2,
      delayed: 3,
      active: 4,
      completed: 5,
      failed: 6,
      'waiting-children': 7,
      dead_lettered: 8,
      paused: true,
      oldestReadyAt: 1_700_000_000_000,
      added: 9,
      dueSoon: 10,
      overdueMs: 11,
      awaitingSlots: 12,
    });
  });

  it('knows no oldest job when none waits', () => {
    expect(queueSampleScript.definition.reply([0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0])).toMatchObject({
      paused: false,
      oldestReadyAt: undefined,
    });
  });
});

describe('the reply of active-owners', () => {
  it('says who holds each job, how often it was started, and how it lost workers', () => {
    const crashes = jobCrashes(2);

    expect(
      activeOwnersScript.definition.reply([
        ['a', 'bw/w/1', '1', ''],
        ['b', '', '3', JSON.stringify(crashes)],
        ['c', '', 'many', '[{"at":"never"}, 7'],
      ]),
    ).toEqual([
      { id: 'a', token: 'bw/w/1', starts: '1', crashes: [] },
      { id: 'b', token: '', starts: '3', crashes },
      { id: 'c', token: '', starts: 'many', crashes: [] },
    ]);
  });
});

describe('the reply of suspects', () => {
  it('names each with its kind', () => {
    expect(
      suspectsScript.definition.reply([
        ['a', 'send-receipt'],
        ['b', ''],
      ]),
    ).toEqual([
      { id: 'a', kind: 'send-receipt' },
      { id: 'b', kind: '' },
    ]);
  });
});

describe('the reply of take-suspect', () => {
  it('is the job as it was read, and when', () => {
    const job = ['1', 'send-receipt', '{}', '{}', '1000', null, null, null, null, null, '42'];

    expect(takeSuspectScript.definition.reply([job, 1_700_000_000_000])).toEqual({ job, at: 1_700_000_000_000 });
  });

  it('is nothing when there was none to take', () => {
    expect(takeSuspectScript.definition.reply([])).toBeUndefined();
  });
});

describe('the reply of cancel', () => {
  it.each<[unknown, CancelReply]>([
    [[0, ''], { kind: 'cancelled' }],
    [[1, ''], { kind: 'marked' }],
    [[-1, ''], { kind: 'not_found' }],
    [[-2, 'bw/w/1'], { kind: 'running', token: 'bw/w/1' }],
    [[-3, ''], { kind: 'not_waiting' }],
    [[-4, ''], { kind: 'scheduled' }],
  ])('%j means %j', (raw, expected) => {
    expect(cancelScript.definition.reply(raw)).toEqual(expected);
  });

  it.each([[[2, '']], [[-5, '']], [[null, '']]])('%j is not understood', (raw) => {
    expect(() => cancelScript.definition.reply(raw)).toThrow(TypeError);
  });
});

describe('the reply of job-outcomes', () => {
  it('says how far each job is', () => {
    const record = { reason: 'permanent_error', error: { message: 'boom' } };

    expect(
      jobOutcomesScript.definition.reply([
        ['pending', ''],
        ['gone', ''],
        ['completed', '{"sent":true}'],
        ['dead_lettered', JSON.stringify(record)],
        ['dead_lettered', 'garbage'],
        ['failed', '"no route"'],
      ]),
    ).toEqual([
      { state: 'pending' },
      { state: 'gone' },
      { state: 'completed', result: { sent: true } },
      { state: 'dead_lettered', record },
      { state: 'failed', message: 'it was dead-lettered, and its record cannot be read' },
      { state: 'failed', message: 'no route' },
    ]);
  });

  it('is not understood when it has a state there is not', () => {
    expect(() => jobOutcomesScript.definition.reply([['lost', '']])).toThrow(TypeError);
  });
});
