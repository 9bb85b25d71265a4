import { describe, expect, it } from 'vitest';
import { processEnvironment, readEnvironment } from '../../../src/config/env.js';

describe('readEnvironment', () => {
  it('finds options by the names of their variables', () => {
    const { given, faults } = readEnvironment({ BULWARK_WORKER_LEASE: '20s', PATH: '/bin' });

    expect(given.map(({ entry, input, source }) => [entry.path, input, source])).toEqual([
      ['worker.leaseMs', '20s', { source: 'environment', detail: 'BULWARK_WORKER_LEASE' }],
    ]);
    expect(faults).toEqual([]);
  });

  it.each([
    [{ BULWARK_REDIS_URL: 'redis://a', REDIS_URL: 'redis://b' }, 'BULWARK_REDIS_URL'],
    [{ BULWARK_REDIS_URL: ' ', REDIS_URL: 'redis://b' }, 'REDIS_URL'],
    [{ REDIS_URL: 'redis://b' }, 'REDIS_URL'],
  ])('takes the address of Redis in %j from %s', (env, variable) => {
    expect(readEnvironment(env).given.map(({ source }) => source.detail)).toEqual([variable]);
  });

  it('counts an empty variable as not set', () => {
    expect(readEnvironment({ BULWARK_WORKER_LEASE: '', BULWARK_CONFIG: '' })).toEqual({ given: [], faults: [] });
  });

  it.each([
    ['BULWARK_WORKER_LEASE_MS', 'BULWARK_WORKER_LEASE'],
    ['BULWARK_WORKER_CONCURENCY', 'BULWARK_WORKER_CONCURRENCY'],
    ['BULWARK_REDIS_URI', 'BULWARK_REDIS_URL'],
    ['BULWARK_CONFIGG', 'BULWARK_CONFIG'],
    ['BULWARK_SOMETHING_ELSE', undefined],
  ])('refuses %s and suggests %s', (variable, suggestion) => {
    expect(readEnvironment({ [variable]: 'secret' }).faults).toEqual([
      { subject: variable, rule: 'is not a variable of Bulwark', origin: 'environment', suggestion },
    ]);
  });

  it('lets BULWARK_CONFIG and the variables of others be', () => {
    const env = { BULWARK_CONFIG: 'pool.json', NOT_BULWARK_X: '1', BULWARK: '1', BULWARK_WORKER_LEESE: undefined };

    expect(readEnvironment(env).faults).toEqual([]);
  });
});

describe('processEnvironment', () => {
  it('is the environment of this process', () => {
    expect(processEnvironment()).toBe(process.env);
  });
});
