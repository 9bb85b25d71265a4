import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.js';
import type { ConfigInput } from '../../../src/config/resolve.js';
import { resolveConfig, resolveSection } from '../../../src/config/resolve.js';

let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-config-'));
  file = join(folder, 'pool.json');
  writeFileSync(file, JSON.stringify({ worker: { concurrency: 20, leaseMs: '20s' }, log: { level: 'debug' } }));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Resolves without the environment and the file of whoever runs the tests. */
function resolveAlone(input: ConfigInput) {
  return resolveConfig({ env: {}, file: false, ...input });
}

function errorOf(resolve: () => unknown): ConfigError {
  try {
    resolve();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('resolveConfig', () => {
  it('gives every option its default', () => {
    const { values, sources } = resolveAlone({});

    expect(values).toMatchInlineSnapshot(`
      {
        "deadLetter": {
          "keepCount": 100000,
          "keepMs": 7776000000,
          "sweepMs": 60000,
        },
        "http": {
          "enabled": true,
          "host": "127.0.0.1",
          "port": 9464,
        },
        "job": {
          "keepAttempts": 20,
          "keepCompletedCount": 10000,
          "keepCompletedMs": 3600000,
          "keepKeysMs": 86400000,
          "maxErrorBytes": 2048,
          "maxPayloadBytes": 1048576,
          "maxResultBytes": 65536,
          "maxStackBytes": 4096,
          "maxStepBytes": 65536,
          "maxStepsBytes": 524288,
          "newerVersionDelayMs": 5000,
          "retryBudget": 100,
          "retryBudgetPerSecond": 1,
          "retryBudgetPercent": 20,
        },
        "log": {
          "format": "auto",
          "level": "info",
        },
        "pool": {
          "dataDir": ".bulwark",
          "killGraceMs": 30000,
          "maxWorkers": false,
          "minWorkers": 1,
          "restartBaseMs": 1000,
          "restartCapMs": 60000,
          "workers": 2,
        },
        "producer": {
          "batchSize": 250,
          "shedWaitMs": 30000,
        },
        "redis": {
          "allowEviction": false,
          "commandTimeoutMs": 5000,
          "connectTimeoutMs": 4000,
          "namespace": "bulwark",
          "reconnectCapMs": 500,
          "sentinelName": "",
          "sentinelPassword": "",
          "sentinels": [],
          "url": "redis://127.0.0.1:6379",
        },
        "supervisor": {
          "boardPayloads": "hidden",
          "boardToken": "",
          "bullmqMetrics": false,
          "censusMs": 5000,
          "crashWindowMs": 86400000,
          "deadAfterMs": 5000,
          "leaseMs": 2000,
          "poisonAfter": 3,
          "quarantineAfter": 2,
          "quarantineMs": 60000,
          "renewMs": 500,
          "sampleMs": 1000,
          "scaleDownAfterMs": 60000,
          "sweepMs": 500,
          "watchMs": 150,
        },
        "worker": {
          "abortGraceMs": 2000,
          "beatMs": 1000,
          "blockedMaxMs": 300000,
          "concurrency": 10,
          "drainTimeoutMs": 20000,
          "fetchBlockMs": 10000,
          "jobs": [],
          "leaseMs": 15000,
          "leaseRenewMs": 5000,
          "maxConcurrency": false,
          "minConcurrency": 1,
          "prefetch": true,
        },
      }
    `);
    expect(sources.worker.leaseMs).toEqual({ source: 'default' });
  });

  it('lets the file win over defaults, the environment over the file, and code over all', () => {
    const { values, sources } = resolveConfig({
      file,
      env: { BULWARK_WORKER_CONCURRENCY: '30', BULWARK_WORKER_LEASE: '30s' },
      overrides: { worker: { concurrency: 40 } },
    });

    expect(values.log).toEqual({ level: 'debug', format: 'auto' });
    expect(values.worker).toMatchObject({ concurrency: 40, leaseMs: 30_000, leaseRenewMs: 5000 });
    expect(sources.log).toEqual({ level: { source: 'file', detail: file }, format: { source: 'default' } });
    expect(sources.worker).toMatchObject({
      concurrency: { source: 'code' },
      leaseMs: { source: 'environment', detail: 'BULWARK_WORKER_LEASE' },
      leaseRenewMs: { source: 'default' },
    });
  });

  it('counts undefined overrides as not given', () => {
    const { sources } = resolveAlone({ overrides: { worker: { concurrency: undefined }, log: undefined } });

    expect(sources.worker.concurrency).toEqual({ source: 'default' });
  });

  it('reads the text of a flag as it reads a variable', () => {
    const { values } = resolveAlone({ overrides: { worker: { concurrency: '7', jobs: 'a,b' } } });

    expect(values.worker).toMatchObject({ concurrency: 7, jobs: ['a', 'b'] });
  });

  it('gives values that nobody can change', () => {
    const { values, sources } = resolveAlone({ overrides: { worker: { jobs: ['a'] } } });

    for (const frozen of [values, values.worker, values.worker.jobs, sources, sources.worker]) {
      expect(frozen).toSatisfy(Object.isFrozen);
    }
  });

  it('reports all faults of all sources at once, each with option, rule, value and origin', () => {
    const bad = join(folder, 'bad.json');
    writeFileSync(bad, JSON.stringify({ worker: { lease: '20s', concurrency: 0 }, wroker: {} }));

    const error = errorOf(() =>
      resolveConfig({
        file: bad,
        env: { BULWARK_POOL_WORKERS: 'many', BULWARK_POOL_WORKER: '2', BULWARK_WORKER_LEASE: '10s' },
        overrides: { log: { level: 'loud' } },
      }),
    );

    expect(error.code).toBe('BULWARK_CONFIG_INVALID');
    expect(error.retryable).toBe(false);
    expect(error.message.split('\n')).toEqual([
      'the configuration has 7 faults; docs/reference/config.md lists every option',
      `  worker.lease is not an option (file ${bad}); did you mean worker.leaseMs?`,
      `  wroker is not a section of options (file ${bad}); did you mean worker?`,
      `  worker.concurrency must be a whole number from 1 to 1000, got 0 (file ${bad})`,
      '  BULWARK_POOL_WORKER is not a variable of Bulwark (environment); did you mean BULWARK_POOL_WORKERS?',
      "  pool.workers must be a whole number from 1 to 256, got 'many' (environment BULWARK_POOL_WORKERS)",
      "  log.level must be one of trace, debug, info, warn, error, fatal, got 'loud' (code or flag)",
      '  worker.leaseMs must be at least 3 times worker.leaseRenewMs, which is 5s (default), got 10s (environment BULWARK_WORKER_LEASE), so that two renewals in a row may fail without costing the lease',
    ]);
  });

  it('refuses a faulty value also where a later source hides it', () => {
    const env = { BULWARK_WORKER_CONCURRENCY: 'ten' };

    const error = errorOf(() => resolveAlone({ env, overrides: { worker: { concurrency: 5 } } }));

    expect(error.faults).toMatchObject([{ subject: 'worker.concurrency', value: "'ten'" }]);
  });

  it('does not add a broken relation to an option that is itself at fault', () => {
    const error = errorOf(() => resolveAlone({ overrides: { worker: { leaseMs: 'soon', leaseRenewMs: '19m' } } }));

    expect(error.faults.map((fault) => fault.subject)).toEqual(['worker.leaseMs']);
  });

  it.each(['http://app:secret@host', 'redis:/app:secret@host', 'redis://app:sec/ret@host:x'])(
    'does not show the password of the faulty address %s',
    (url) => {
      const error = errorOf(() => resolveAlone({ env: { REDIS_URL: url } }));

      expect(error.message).toContain('redis.url must be an address');
      expect(error.message).toContain('environment REDIS_URL');
      expect(JSON.stringify(error.details) + error.message).not.toMatch(/sec|ret@/);
    },
  );

  it('does not show a password that is given in another shape', () => {
    writeFileSync(join(folder, 'shape.json'), '{"redis":{"url":{"password":"secret"}}}');

    const error = errorOf(() => resolveAlone({ file: join(folder, 'shape.json') }));

    expect(error.faults).toMatchObject([{ subject: 'redis.url', value: 'a value of type object' }]);
  });

  it.each([
    ['text', 'x'.repeat(10_000)],
    ['an object', Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key${index}`, index]))],
    ['text of many lines', 'x\n'.repeat(10_000)],
  ])('shows only the beginning of a long value: %s', (_what, level) => {
    const overrides = { log: { level: level as string } };

    const { message } = errorOf(() => resolveAlone({ overrides }));

    expect(message.length).toBeLessThan(300);
    expect(message.split('\n')).toHaveLength(2);
  });
});

describe('resolveSection', () => {
  it('fills in defaults and reads units', () => {
    const worker = resolveSection('worker', { leaseMs: '30s', concurrency: 3 });

    expect(worker).toMatchObject({ leaseMs: 30_000, concurrency: 3, leaseRenewMs: 5000 });
    expect(worker).toSatisfy(Object.isFrozen);
  });

  it('is content with no options at all', () => {
    expect(resolveSection('producer')).toEqual({ batchSize: 250, shedWaitMs: 30_000 });
  });

  it('takes what it resolved before', () => {
    const worker = resolveSection('worker', { leaseMs: '30s' });

    expect(resolveSection('worker', worker)).toEqual(worker);
  });

  it('judges relations inside the section', () => {
    expect(errorOf(() => resolveSection('worker', { leaseMs: '10s' })).faults).toMatchObject([
      { subject: 'worker.leaseMs', origin: 'code or flag' },
    ]);
  });

  it('does not judge relations with sections it knows nothing of', () => {
    expect(resolveSection('worker', { drainTimeoutMs: '10m' })).toMatchObject({ drainTimeoutMs: 600_000 });
  });

  it('refuses an unknown option with the nearest known one', () => {
    const options = { concurency: 5 } as object;

    expect(errorOf(() => resolveSection('worker', options)).message).toBe(
      'the configuration has a fault; docs/reference/config.md lists every option\n' +
        '  worker.concurency is not an option (code or flag); did you mean worker.concurrency?',
    );
  });
});
