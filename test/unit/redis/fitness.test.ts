import { describe, expect, it } from 'vitest';
import { assertFit, decideFitness, type Finding, RedisMisconfiguredError } from '../../../src/redis/fitness.js';
import type { RedisFacts } from '../../../src/redis/redis-facts.js';

function facts(overrides: Partial<RedisFacts> = {}): RedisFacts {
  return {
    server: 'redis',
    version: '7.4.1',
    standIn: false,
    evictionPolicy: 'noeviction',
    appendOnly: true,
    snapshots: true,
    usedMemoryBytes: 10 * 1024 * 1024,
    maxMemoryBytes: 0,
    connectedClients: 10,
    maxClients: 10_000,
    clockSkewMs: 3,
    roundTripMs: 0.2,
    ...overrides,
  };
}

function finding(check: string, overrides: Partial<RedisFacts>, connectionsNeeded?: number): Finding | undefined {
  return decideFitness(facts(overrides), connectionsNeeded).find((candidate) => candidate.check === check);
}

describe('decideFitness', () => {
  it('finds nothing wrong with a Redis that is set up well', () => {
    expect(decideFitness(facts()).map(({ check, level }) => `${level} ${check}`)).toEqual([
      'ok redis version',
      'ok eviction policy',
      'ok persistence',
      'ok clock',
      'ok memory',
      'ok connections',
    ]);
  });

  it.each<[string, Partial<RedisFacts>, string]>([
    ['redis version', { version: '6.2.0' }, 'ok'],
    ['redis version', { version: '6.0.16' }, 'error'],
    ['redis version', { version: '5.0.14' }, 'error'],
    ['redis version', { version: '0.0.0' }, 'error'],
    ['redis version', { version: '10.0.0' }, 'ok'],
    ['redis version', { server: 'valkey', version: '8.1.0' }, 'ok'],
    ['redis version', { server: 'dragonfly', version: '1.2.0' }, 'ok'],
    ['eviction policy', { evictionPolicy: 'allkeys-lru' }, 'error'],
    ['eviction policy', { evictionPolicy: 'volatile-ttl' }, 'error'],
    ['eviction policy', { evictionPolicy: undefined }, 'warn'],
    ['persistence', { appendOnly: false, snapshots: true }, 'warn'],
    ['persistence', { appendOnly: false, snapshots: false }, 'warn'],
    ['persistence', { appendOnly: undefined, snapshots: undefined }, 'warn'],
    ['clock', { clockSkewMs: 1_000 }, 'ok'],
    ['clock', { clockSkewMs: 1_001 }, 'warn'],
    ['clock', { clockSkewMs: -1_001 }, 'warn'],
    ['memory', { usedMemoryBytes: 79, maxMemoryBytes: 100 }, 'ok'],
    ['memory', { usedMemoryBytes: 80, maxMemoryBytes: 100 }, 'warn'],
    ['memory', { usedMemoryBytes: 80, maxMemoryBytes: undefined }, 'ok'],
    ['memory', { usedMemoryBytes: undefined, maxMemoryBytes: 100 }, 'warn'],
    ['connections', { connectedClients: 89, maxClients: 100 }, 'ok'],
    ['connections', { connectedClients: 90, maxClients: 100 }, 'warn'],
    ['connections', { connectedClients: undefined }, 'warn'],
    ['connections', { maxClients: undefined }, 'warn'],
  ])('judges the %s of %j as %s', (check, overrides, level) => {
    expect(finding(check, overrides)?.level).toBe(level);
  });

  it('counts the connections that are about to be opened', () => {
    expect(finding('connections', { connectedClients: 80, maxClients: 100 }, 9)?.level).toBe('ok');
    expect(finding('connections', { connectedClients: 80, maxClients: 100 }, 10)?.level).toBe('warn');
  });

  it('says of everything that is wrong how to put it right', () => {
    const findings = decideFitness(
      facts({
        version: '5.0.0',
        evictionPolicy: 'allkeys-lru',
        appendOnly: false,
        clockSkewMs: 5_000,
        usedMemoryBytes: 99,
        maxMemoryBytes: 100,
        connectedClients: 99,
        maxClients: 100,
      }),
    );

    expect(findings.filter(({ level }) => level === 'ok')).toEqual([]);
    for (const { fix } of findings) expect(fix).toMatch(/\w/);
  });

  it('tells apart what a crash of Redis would lose', () => {
    expect(finding('persistence', { appendOnly: false, snapshots: true })?.detail).toMatch(/since the last one/);
    expect(finding('persistence', { appendOnly: false, snapshots: false })?.detail).toMatch(/every job/);
  });
});

describe('assertFit', () => {
  it('lets warnings pass', () => {
    expect(() => assertFit(decideFitness(facts({ appendOnly: false })), { allowEviction: false })).not.toThrow();
  });

  it('refuses errors, each with its fix', () => {
    const findings = decideFitness(facts({ version: '5.0.0', evictionPolicy: 'allkeys-lru' }));

    expect(() => assertFit(findings, { allowEviction: false })).toThrow(RedisMisconfiguredError);
    expect(() => assertFit(findings, { allowEviction: false })).toThrow(
      /^Redis is not set up for Bulwark:\n {2}redis version: redis 5\.0\.0\n {4}fix: use .*\n {2}eviction policy: allkeys-lru.*\n {4}fix: run `redis-cli CONFIG SET maxmemory-policy noeviction`/,
    );
  });

  it('lets the eviction policy pass when that is allowed, and nothing else', () => {
    const evicting = decideFitness(facts({ evictionPolicy: 'allkeys-lru' }));
    const old = decideFitness(facts({ evictionPolicy: 'allkeys-lru', version: '5.0.0' }));

    expect(() => assertFit(evicting, { allowEviction: true })).not.toThrow();
    expect(() => assertFit(old, { allowEviction: true })).toThrow(/redis version/);
  });
});
