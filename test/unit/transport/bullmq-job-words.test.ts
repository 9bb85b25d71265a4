import type { JobJson, JobsOptions } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { jobWords } from '../../../src/transport/bullmq-job-words.js';

function words(opts: object, job: Partial<JobJson> = {}) {
  return jobWords({ name: 'charge', data: '{"n":1}', timestamp: 1_000, opts: opts as JobsOptions, ...job }, 'order-1');
}

describe('the words of a job that BullMQ adds', () => {
  it('are its name, data and moment as they came', () => {
    expect(words({ attempts: 3 })).toEqual({
      id: 'order-1',
      dataJson: '{"n":1}',
      ownOptsJson: '{"attempts":3}',
      fingerprint: '',
      common: {
        name: 'charge',
        optsHead: '',
        optsTail: '',
        timestamp: 1_000,
        delay: '0',
        priority: '0',
        place: 'last',
        share: '',
      },
    });
  });

  it('leave the id to the queue when there is none', () => {
    expect(jobWords({ name: 'charge', data: '{}', timestamp: 1, opts: {} }, undefined).id).toBe('');
  });

  it('count the options of a job without an id to what it has in common with others', () => {
    const { ownOptsJson, common } = jobWords(
      { name: 'charge', data: '{}', timestamp: 1, opts: { attempts: 3 } },
      undefined,
    );

    expect({ ownOptsJson, head: common.optsHead, tail: common.optsTail }).toEqual({
      ownOptsJson: '',
      head: '{"attempts":3}',
      tail: '',
    });
  });

  it.each<[string, object, string]>([
    ['no wish', {}, 'last'],
    ['a delay', { delay: 5 }, 'delayed'],
    ['a delay of a part of a millisecond', { delay: 0.5 }, 'delayed'],
    ['a delay and a priority', { delay: 5, priority: 1 }, 'delayed'],
    ['no delay', { delay: 0 }, 'last'],
    ['a negative delay', { delay: -5 }, 'last'],
    ['a delay that is a text', { delay: '5' }, 'last'],
    ['a priority', { priority: 1 }, 'prioritized'],
    ['a negative priority', { priority: -1 }, 'prioritized'],
    ['no priority', { priority: 0 }, 'last'],
    ['lifo', { lifo: true }, 'first'],
    ['what Lua takes for true', { lifo: 0 }, 'first'],
    ['no lifo', { lifo: false }, 'last'],
    ['nothing said about lifo', { lifo: null }, 'last'],
    ['lifo and a priority', { lifo: true, priority: 1 }, 'prioritized'],
  ])('say where it goes: %s', (_what, opts, place) => {
    expect(words(opts).common.place).toBe(place);
  });

  it.each<[string, object, object]>([
    ["BullMQ's short names", { keepLogs: 5, failParentOnFailure: true }, { kl: 5, fpof: true }],
    ['telemetry as two options', { telemetry: { metadata: 'trace', omitContext: true } }, { tm: 'trace', omc: true }],
    ['what is nothing is left out', { a: null, b: undefined, c: { d: null, e: 1 } }, { c: { e: 1 } }],
    ['what else there is, as it is', { mine: [1, 'two', { three: 3 }] }, { mine: [1, 'two', { three: 3 }] }],
    ['what knows how to be JSON', { startDate: new Date(0) }, { startDate: '1970-01-01T00:00:00.000Z' }],
  ])('keep options: %s', (_what, opts, kept) => {
    expect(JSON.parse(words(opts).ownOptsJson)).toEqual(kept);
  });

  it.each<[string, object, Partial<JobJson>]>([
    ['job option delay is Infinity', { delay: Number.POSITIVE_INFINITY }, {}],
    ['job option attempts is NaN', { attempts: Number.NaN }, {}],
    ['job option backoff.delay is NaN', { backoff: { type: 'fixed', delay: Number.NaN } }, {}],
    ['job option timestamp is NaN', { delay: 5 }, { timestamp: 'soon' as unknown as number }],
  ])('are refused where a number cannot be kept: %s', (message, opts, job) => {
    expect(() => words(opts, job)).toThrow(message);
  });
});
