import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Cancellation } from '../../../src/job/cancellation.js';
import { defineDependency } from '../../../src/job/define-dependency.js';
import { defineJob } from '../../../src/job/define-job.js';
import { defineQueue } from '../../../src/job/define-queue.js';
import type { JobContext } from '../../../src/job/job-context.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { FetchedJob } from '../../../src/transport/fetched-job.js';
import { createContext } from '../../../src/worker/create-context.js';
import { StepMemory } from '../../support/step-memory.js';
import { testGates } from '../../support/test-gates.js';
import { fetchedJob, momentIn, now } from './fetched-job.js';

const definition = defineJob({
  kind: 'send-receipt',
  queue: defineQueue({ name: 'email' }),
  payload: z.unknown(),
  retry: { attempts: 5 },
  run: () => undefined,
});

function startContext(overrides: Partial<FetchedJob> = {}) {
  const lines: Record<string, unknown>[] = [];
  const progressed: unknown[] = [];
  const abort = new Cancellation();
  const clock = { time: now, now: () => clock.time, elapsed: () => 0 };
  const ctx: JobContext = createContext({
    job: fetchedJob(overrides),
    definition,
    cancellation: abort,
    deadline: momentIn(60_000),
    clock,
    passes: undefined,
    span: undefined,
    services: {
      log: pino({ base: null }, { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) }),
      metrics: createMetrics({ role: 'worker', version: '1.2.3' }),
      reportProgress: async (jobId, progress) => {
        progressed.push([jobId, progress]);
      },
      stepStore: new StepMemory(),
      gates: testGates().gates,
      limits: { maxStepBytes: 1_000, maxStepsBytes: 1_000 },
    },
  });
  return { ctx, lines, progressed, abort, clock };
}

describe('createContext', () => {
  it('tells the handler which job this is and how often it was tried', () => {
    const { ctx, abort } = startContext({
      attemptsMade: 2,
      meta: { key: 'order-42', tenant: 'acme' },
      enqueuedAt: momentIn(-5_000),
    });

    expect(ctx).toMatchObject({
      jobId: '42',
      kind: 'send-receipt',
      queue: 'email',
      key: 'order-42',
      tenant: 'acme',
      attempt: 3,
      maxAttempts: 5,
      enqueuedAt: momentIn(-5_000),
      deadline: momentIn(60_000),
      signal: abort.signal,
    });
  });

  it('names the attempts that the job itself allows, when it says so', () => {
    expect(startContext({ opts: { attempts: 2 } }).ctx.maxAttempts).toBe(2);
  });

  it('keeps everything in a copy', () => {
    const { ctx, abort } = startContext();

    const { signal, log, ...rest } = { ...ctx };

    expect(signal).toBe(abort.signal);
    expect(log.bindings()).toMatchObject({ jobId: '42' });
    expect(rest.remainingMs()).toBe(60_000);
    expect(rest.effectKey('mail')).toBe(ctx.effectKey('mail'));
  });

  it('counts down to the deadline, and not below zero', () => {
    const { ctx, clock } = startContext();

    expect(ctx.remainingMs()).toBe(60_000);
    clock.time = momentIn(59_000);
    expect(ctx.remainingMs()).toBe(1_000);
    clock.time = momentIn(61_000);
    expect(ctx.remainingMs()).toBe(0);
  });

  it('logs with the facts of the attempt, and its trace', () => {
    const { ctx, lines } = startContext({
      attemptsMade: 1,
      carrier: JSON.stringify({ traceparent: `00-${'0af7'.repeat(8)}-00f067aa0ba902b7-01` }),
    });

    ctx.log.info({ sent: true }, 'receipt.sent');

    expect(lines).toEqual([
      expect.objectContaining({
        jobId: '42',
        queue: 'email',
        kind: 'send-receipt',
        attempt: 2,
        trace_id: '0af7'.repeat(8),
        sent: true,
        msg: 'receipt.sent',
      }),
    ]);
    expect(ctx.log).toBe(ctx.log);
  });

  it.each([0, 50, 100, { page: 3, of: 7 }])('passes on how far the job is: %j', async (progress) => {
    const { ctx, progressed } = startContext();

    await ctx.progress(progress);

    expect(progressed).toEqual([['42', progress]]);
  });

  it.each<[string, unknown, RegExp]>([
    ['too large', { text: 'x'.repeat(5_000) }, /at most 4096 bytes, got 50\d\d/],
    ['none', undefined, /got 0/],
  ])('refuses progress that is %s', async (_what, progress, message) => {
    const { ctx, progressed } = startContext();

    await expect(ctx.progress(progress as number)).rejects.toThrow(message);
    expect(progressed).toEqual([]);
  });

  it('gives keys for effects: the same for every attempt, another for every name, job and queue', () => {
    const first = startContext({ attemptsMade: 0, starts: 1 }).ctx;
    const second = startContext({ attemptsMade: 1, starts: 2, token: 'bw/other/1' }).ctx;
    const another = startContext({ id: '43' }).ctx;

    expect(first.effectKey('mail')).toBe(second.effectKey('mail'));
    expect(first.effectKey('mail')).toMatch(/^[\w-]{32}$/);
    expect(new Set([first.effectKey('mail'), first.effectKey('sms'), another.effectKey('mail')]).size).toBe(3);
  });

  it('calls a dependency as part of the job', async () => {
    const { ctx, abort } = startContext();
    const smtp = defineDependency({ name: 'smtp' });

    expect(await ctx.call(smtp, () => 250)).toBe(250);
    const waiting = ctx.call(smtp, () => new Promise(() => undefined));
    abort.abort(new Error('shutting down'));
    await expect(waiting).rejects.toThrow('shutting down');
  });
});
