import { describe, expect, it } from 'vitest';
import { optionEntries } from '../../../src/config/option-entries.js';
import { formatOptionValue, parseOptionValue } from '../../../src/config/option-value.js';
import { optionTable } from '../../../src/config/options.js';

describe('the table of options', () => {
  it.each(optionEntries)('gives $path a default that obeys its own rule', ({ option }) => {
    expect(parseOptionValue(option, option.default)).toEqual(option.default);
    expect(parseOptionValue(option, formatOptionValue(option, option.default))).toEqual(option.default);
  });

  it.each(optionEntries)('names the unit of $path in its name', ({ name, option }) => {
    expect(name.endsWith('Ms')).toBe(option.kind === 'duration');
    expect(name.endsWith('Bytes')).toBe(option.kind === 'bytes');
  });

  it('reads no variable for two options', () => {
    const variables = optionEntries.flatMap((entry) => entry.variables);

    expect(new Set(variables).size).toBe(variables.length);
  });

  it.each([
    ['worker.leaseMs', ['BULWARK_WORKER_LEASE']],
    ['worker.leaseRenewMs', ['BULWARK_WORKER_LEASE_RENEW']],
    ['job.maxPayloadBytes', ['BULWARK_JOB_MAX_PAYLOAD_BYTES']],
    ['pool.dataDir', ['BULWARK_POOL_DATA_DIR']],
    ['deadLetter.keepMs', ['BULWARK_DEAD_LETTER_KEEP']],
    ['redis.url', ['BULWARK_REDIS_URL', 'REDIS_URL']],
  ])('reads %s from %j', (path, variables) => {
    expect(optionEntries.find((entry) => entry.path === path)?.variables).toEqual(variables);
  });
});

describe('redis.url', () => {
  it.each([
    ['redis://127.0.0.1:6379', true],
    ['REDIS://host', true],
    ['rediss://app:secret@host:6380/2', true],
    ['redis://[::1]:6379', true],
    ['unix:/run/redis.sock', true],
    ['unix:///run/redis.sock', true],
    ['unix:', false],
    ['redis://', false],
    ['redis://host:99999', false],
    ['http://host', false],
    ['host:6379', false],
    ['/run/redis.sock', false],
  ])('%j is an address: %j', (url, accepted) => {
    expect(optionTable.redis.url.accepts(url)).toBe(accepted);
  });
});

describe('redis.sentinels', () => {
  it.each([
    ['sentinel-1.example:26379', true],
    ['10.0.0.7:26379', true],
    ['[::1]:26379', true],
    ['sentinel-1', false],
    ['sentinel-1:99999', false],
    ['redis://sentinel-1:26379', false],
    ['a:1 b:2', false],
    ['::1:26379', false],
  ])('%j is a sentinel: %j', (entry, accepted) => {
    expect(optionTable.redis.sentinels.accepts?.(entry)).toBe(accepted);
  });
});

describe('redis.namespace', () => {
  it.each([
    ['bulwark', true],
    ['team-7', true],
    ['7', true],
    ['-team', false],
    ['Team', false],
    ['a:b', false],
    ['a{b}', false],
    ['', false],
    ['a'.repeat(64), false],
  ])('%j is a namespace: %j', (namespace, accepted) => {
    expect(optionTable.redis.namespace.accepts(namespace)).toBe(accepted);
  });
});

describe('http.host', () => {
  it.each([
    ['0.0.0.0', true],
    ['::', true],
    ['fe80::1', true],
    ['localhost', true],
    ['localhost:80', false],
    ['http://localhost', false],
    ['', false],
  ])('%j is a host: %j', (host, accepted) => {
    expect(optionTable.http.host.accepts(host)).toBe(accepted);
  });
});

describe('pool.dataDir', () => {
  it.each([
    ['.bulwark', true],
    ['/var/lib/bulwark', true],
    ['', false],
    ['a\0b', false],
  ])('%j is a folder: %j', (path, accepted) => {
    expect(optionTable.pool.dataDir.accepts(path)).toBe(accepted);
  });
});
