import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError } from '../../../src/config/config-error.js';
import { defineJob } from '../../../src/job/define-job.js';
import { defineQueue } from '../../../src/job/define-queue.js';
import { createProducer } from '../../../src/producer/create-producer.js';
import { createSupervisor } from '../../../src/supervisor/create-supervisor.js';
import { createWorker } from '../../../src/worker/create-worker.js';

const job = defineJob({
  kind: 'send-receipt',
  queue: defineQueue({ name: 'email' }),
  payload: z.object({}),
  run: () => undefined,
});

/** As plain JavaScript calls them: without a compiler that knows the options. */
const creators: Readonly<Record<string, (options: unknown) => unknown>> = {
  createWorker: (options) => createWorker(options as never),
  createProducer: (options) => createProducer(options as never),
  createSupervisor: (options) => createSupervisor(options as never),
};

describe.each(Object.entries(creators))('%s', (creator, create) => {
  it.each<[string, object, string]>([
    ['a misspelt address', { rediss: 'redis://other' }, 'rediss is not an option'],
    ['a misspelt section of limits', { jbo: {} }, 'jbo is not an option'],
    ['an option outside of its section', { maxPayloadBytes: '1MiB' }, 'did you mean job.maxPayloadBytes?'],
    ['a number for Redis', { redis: 6379 }, 'redis must be an address or an object of options, got a number'],
    ['null for Redis', { redis: null }, 'redis must be an address or an object of options, got null'],
    ['a logger that is switched off', { log: false }, 'log must be a pino logger, got a boolean'],
    ['metrics that are switched on', { metrics: true }, 'metrics must be what createMetrics returned, got a boolean'],
  ])('refuses %s', (_what, options, message) => {
    const make = () => create({ jobs: [job], ...options });

    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
    expect(make).toThrow(`(code, ${creator})`);
  });

  it.each([null, 'redis://127.0.0.1', []])('refuses %j in place of the options', (given) => {
    const make = () => create(given);

    expect(make).toThrow(ConfigError);
    expect(make).toThrow(`the argument of ${creator} must be an object of options`);
  });
});

describe('createWorker', () => {
  it.each<[string, object, string]>([
    ['jobs under the name of their limits', { job: [job] }, 'job must be an object, got a list'],
    ['one job instead of a list', { jobs: job }, 'jobs must be a list, got an object'],
    ['a misspelt section', { jobs: [job], wroker: {} }, 'wroker is not an option'],
    ['an option outside of its section', { jobs: [job], concurrency: 5 }, 'did you mean worker.concurrency?'],
  ])('refuses %s', (_what, options, message) => {
    const make = () => createWorker(options as never);

    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
    expect(make).toThrow('did you mean');
  });

  it('says that it needs jobs', () => {
    expect(() => createWorker({} as never)).toThrow('a worker needs at least one kind of job');
  });
});
