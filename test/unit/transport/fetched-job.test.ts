import { describe, expect, it } from 'vitest';
import type { EpochMs } from '../../../src/time/duration.js';
import { decodeTakenJob, type FetchedJob } from '../../../src/transport/fetched-job.js';
import { fetchedFields } from '../../support/fetched-fields.js';

const now = 1_700_000_000_000 as EpochMs;

function decode(hash: Readonly<Record<string, string>>): FetchedJob {
  return decodeTakenJob([...fetchedFields.map((field) => hash[field] ?? null), '42'], 'bw/host-1-ab/7', now);
}

describe('decodeTakenJob', () => {
  it('reads a job as a producer wrote it', () => {
    const job = decode({
      name: 'send-receipt',
      data: '{"orderId":"42"}',
      opts: '{"jobId":"42","delay":500,"attempts":4,"bw":{"version":2,"tenant":"acme"}}',
      timestamp: '1699999990000',
      atm: '2',
      ats: '3',
      parentKey: '{bulwark:flow}:flow:1',
      parent: '{"id":"1","queueKey":"{bulwark:flow}:flow"}',
      rjk: 'every-minute',
    });

    expect(job).toEqual({
      id: '42',
      token: 'bw/host-1-ab/7',
      kind: 'send-receipt',
      dataJson: '{"orderId":"42"}',
      opts: { jobId: '42', delay: 500, attempts: 4, bw: { version: 2, tenant: 'acme' } },
      unreadableOpts: undefined,
      meta: { version: 2, tenant: 'acme' },
      enqueuedAt: 1_699_999_990_000,
      startedAt: now,
      attemptsMade: 2,
      starts: 3,
      hasParent: true,
      deferredFailure: undefined,
      schedulerKey: 'every-minute',
      brokenFields: [],
    });
  });

  it('makes something of nothing at all', () => {
    expect(decode({})).toEqual({
      id: '42',
      token: 'bw/host-1-ab/7',
      kind: '',
      dataJson: '',
      opts: {},
      unreadableOpts: undefined,
      meta: {},
      enqueuedAt: now,
      startedAt: now,
      attemptsMade: 0,
      starts: 0,
      hasParent: false,
      deferredFailure: undefined,
      schedulerKey: undefined,
      brokenFields: [],
    });
  });

  it.each(['not json', '{"delay":', 'null', '7', '"text"', '[1,2]'])(
    'keeps options that are no object for whoever looks into it: %s',
    (opts) => {
      expect(decode({ opts })).toMatchObject({ opts: {}, unreadableOpts: opts, meta: {} });
    },
  );

  it('takes empty options for none', () => {
    expect(decode({ opts: '' })).toMatchObject({ opts: {}, unreadableOpts: undefined });
  });

  it.each<[string, string]>([
    ['a delay that is a text', '{"delay":"soon"}'],
    ['a delay that cannot even be added to', '{"delay":{"toString":1,"valueOf":1}}'],
    ['a delay below zero', '{"delay":-5}'],
    ['a delay without end', '{"delay":1e400}'],
    ['attempts that are a text', '{"attempts":"many"}'],
    ['half an attempt', '{"attempts":1.5}'],
    ['attempts below zero', '{"attempts":-1}'],
    ['attempts without end', '{"attempts":1e400}'],
    ["no attempts, which is BullMQ's way to say nothing", '{"attempts":0}'],
  ])('leaves out %s', (_what, opts) => {
    expect(decode({ opts }).opts).toEqual({});
  });

  it('leaves options that are not its business as they are', () => {
    expect(decode({ opts: '{"removeOnComplete":true,"repeat":{"every":1000},"delay":"x"}' }).opts).toEqual({
      removeOnComplete: true,
      repeat: { every: 1_000 },
    });
  });

  it.each(['', ' ', 'soon', '-1', '1.5', '1e400', 'NaN', '0x'])(
    'counts a time or a number of %j as unknown',
    (text) => {
      expect(decode({ timestamp: text, atm: text, ats: text })).toMatchObject({
        enqueuedAt: now,
        startedAt: now,
        attemptsMade: 0,
        starts: 0,
      });
    },
  );

  it.each<[string, string | undefined, boolean]>([
    ['no count', undefined, false],
    ['nothing', '0', false],
    ['a number', '12', false],
    ['an empty text', '', true],
    ['a word', 'many', true],
    ['a fraction', '1.5', true],
    ['a number with a zero in front', '007', true],
    ['more than Redis can count', '9'.repeat(25), true],
  ])('asks for the count of attempts to be removed before BullMQ stumbles over it: %s', (_what, atm, broken) => {
    expect(decode(atm === undefined ? {} : { atm }).brokenFields).toEqual(broken ? ['atm'] : []);
  });

  it.each<[string, Record<string, string>, boolean, boolean]>([
    ['a parent', { parentKey: 'bull:flow:1', parent: '{"id":"1","queueKey":"bull:flow"}' }, true, false],
    ['a parent as older BullMQ wrote it', { parentKey: 'bull:flow:1' }, true, false],
    ['a parent without a key', { parent: '{"id":"1","queueKey":"bull:flow"}' }, false, true],
    ['a parent whose key is none', { parentKey: 'flow' }, false, true],
    ['a parent that is no JSON', { parentKey: 'bull:flow:1', parent: 'flow' }, false, true],
    ['a parent that is null', { parentKey: 'bull:flow:1', parent: 'null' }, false, true],
    ['a parent without a queue', { parentKey: 'bull:flow:1', parent: '{"id":"1"}' }, false, true],
  ])('knows %s', (_what, fields, hasParent, broken) => {
    expect(decode(fields)).toMatchObject({ hasParent, brokenFields: broken ? ['parent', 'parentKey'] : [] });
  });

  it('knows that BullMQ wants the job failed instead of run', () => {
    expect(decode({ defa: 'child bull:x:1 failed' }).deferredFailure).toBe('child bull:x:1 failed');
  });

  it('cuts a kind that is longer than any, so that it fills no log', () => {
    const { kind } = decode({ name: 'k'.repeat(5_000_000) });

    expect(kind.length).toBeGreaterThan(100);
    expect(kind.length).toBeLessThan(1_000);
  });
});
