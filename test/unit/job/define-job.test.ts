import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineDependency } from '../../../src/job/define-dependency.js';
import { defineJob, type JobOptions } from '../../../src/job/define-job.js';
import { defineQueue } from '../../../src/job/define-queue.js';
import { DefinitionError } from '../../../src/job/definition-error.js';

const schema = z.object({ orderId: z.string() });
const email = defineQueue({ name: 'email' });

function options(overrides: Partial<JobOptions<typeof schema, unknown>> = {}): JobOptions<typeof schema, unknown> {
  return { kind: 'send-receipt', queue: email, payload: schema, run: () => undefined, ...overrides };
}

describe('defineJob', () => {
  it('fills in the defaults', () => {
    const job = defineJob(options());

    expect(job).toMatchObject({
      kind: 'send-receipt',
      queue: email,
      version: 1,
      payload: schema,
      upcast: {},
      dependencies: [],
      retry: { attempts: 8, baseMs: 1_000, capMs: 300_000 },
      timeoutMs: 60_000,
      maxQueueAgeMs: undefined,
      idempotencyKey: undefined,
      classify: undefined,
    });
    expect('fallback' in job).toBe(false);
  });

  it('keeps what is said', () => {
    const smtp = defineDependency({ name: 'smtp' });
    const run = () => 'sent';
    const fallback = () => 'later';

    const job = defineJob(
      options({
        version: 3,
        upcast: { 1: (v) => v, 2: (v) => v },
        dependencies: [smtp],
        retry: { attempts: 2, base: '2s', cap: '2s' },
        timeout: '30s',
        maxQueueAge: '1h',
        run,
        fallback,
      }),
    );

    expect(job).toMatchObject({
      version: 3,
      dependencies: [smtp],
      retry: { attempts: 2, baseMs: 2_000, capMs: 2_000 },
      timeoutMs: 30_000,
      maxQueueAgeMs: 3_600_000,
      run,
      fallback,
    });
  });

  it('gives work that can be shed fewer attempts', () => {
    const queue = defineQueue({ name: 'reports', criticality: 'sheddable' });

    expect(defineJob(options({ queue })).retry.attempts).toBe(3);
  });

  it('cannot be changed afterwards', () => {
    const job = defineJob(options());

    expect(Object.isFrozen(job)).toBe(true);
    expect(Object.isFrozen(job.retry)).toBe(true);
  });

  it.each<[string, Partial<JobOptions<typeof schema, unknown>>, string]>([
    ['a kind with blanks', { kind: 'send receipt' }, `got "send receipt"`],
    ['an empty kind', { kind: '' }, 'a kind must start with a letter or digit'],
    ['a kind with a colon, which separates Redis keys', { kind: 'a:b' }, 'hold only letters, digits'],
    ['a kind that is too long', { kind: 'k'.repeat(101) }, 'at most 100'],
    ['version 0', { version: 0 }, 'job send-receipt: version must be a whole number from 1, got 0'],
    ['a fraction of a version', { version: 1.5 }, 'version must be a whole number from 1, got 1.5'],
    [
      'a gap between upcasters',
      { version: 3, upcast: { 1: (v) => v } },
      'job send-receipt: upcast has no step from version 2 to 3',
    ],
    [
      'an upcaster from the current version',
      { version: 2, upcast: { 1: (v) => v, 2: (v) => v } },
      'upcast has a step from version 2, but the current version is 2',
    ],
    ['an upcaster from version 0', { version: 2, upcast: { 0: (v) => v, 1: (v) => v } }, 'a step from version 0'],
    ['a timeout that is none', { timeout: 'soon' as '1s' }, 'job send-receipt: timeout: expected a duration'],
    ['no time at all', { timeout: 0 }, 'job send-receipt: timeout must be above zero'],
    [
      'a timeout longer than a timer can run',
      { timeout: '30d' },
      'job send-receipt: timeout must be above zero and at most 24 days, got "30d"',
    ],
    ['a queue age that is none', { maxQueueAge: '-1s' as '1s' }, 'job send-receipt: maxQueueAge: expected a duration'],
    ['no queue age at all', { maxQueueAge: 0 }, 'job send-receipt: maxQueueAge must be above zero'],
    ['no attempt', { retry: { attempts: 0 } }, 'retry.attempts must be a whole number from 1 to 1000, got 0'],
    ['attempts without end', { retry: { attempts: 1001 } }, 'from 1 to 1000, got 1001'],
    ['half an attempt', { retry: { attempts: 1.5 } }, 'from 1 to 1000, got 1.5'],
    ['a base that is none', { retry: { base: 'x' as '1s' } }, 'job send-receipt: retry.base: expected a duration'],
    [
      'a cap below the base',
      { retry: { base: '10s', cap: '1s' } },
      'job send-receipt: retry.cap (1000 ms) must not be below retry.base (10000 ms)',
    ],
    [
      'a payload that is no Standard Schema',
      { payload: { parse: () => undefined } as unknown as typeof schema },
      'job send-receipt: payload must be a Standard Schema',
    ],
    [
      'no payload schema at all',
      { payload: undefined as unknown as typeof schema },
      'job send-receipt: payload must be a Standard Schema',
    ],
    ['a misspelt section', { rety: {} } as object, 'job send-receipt: rety is not an option; did you mean retry?'],
    [
      'a misspelt timeout',
      { timeot: '5s' } as object,
      'job send-receipt: timeot is not an option; did you mean timeout?',
    ],
    [
      'a misspelt option of the retries',
      { retry: { attemps: 3 } as object },
      'job send-receipt: retry.attemps is not an option; did you mean retry.attempts?',
    ],
    ['retries that are a number', { retry: 3 as never }, 'job send-receipt: retry must be an object, got a number'],
    [
      'no queue',
      { queue: undefined as never },
      'job send-receipt: queue must be what defineQueue returned, got nothing',
    ],
    ['the name of a queue', { queue: 'email' as never }, 'queue must be what defineQueue returned, got a string'],
    ['a queue nobody defined', { queue: { name: 'email' } as never }, 'queue must be what defineQueue returned'],
    ['no handler', { run: undefined as never }, 'job send-receipt: run must be a function, got nothing'],
    ['a handler that is none', { run: 'send' as never }, 'job send-receipt: run must be a function, got a string'],
    ['a key that is no function', { idempotencyKey: 'orderId' as never }, 'idempotencyKey must be a function'],
    ['a dependency outside of a list', { dependencies: {} as never }, 'dependencies must be a list, got an object'],
  ])('refuses %s', (_what, overrides, message) => {
    const define = () => defineJob(options(overrides));

    expect(define).toThrow(DefinitionError);
    expect(define).toThrow(message);
  });

  it.each([undefined, null, 'send-receipt'])('refuses %j in place of the options', (given) => {
    expect(() => defineJob(given as never)).toThrow(DefinitionError);
  });
});
