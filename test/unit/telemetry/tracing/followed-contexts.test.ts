import { setTimeout as sleep } from 'node:timers/promises';
import { type Context, context, propagation, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BatchSpanProcessor,
  InMemorySpanExporter,
  NodeTracerProvider,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
} from '@opentelemetry/sdk-trace-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../../../src/job/outcome.js';
import { encodeCarrier } from '../../../../src/job/trace-carrier.js';
import { type AttemptSpan, startAttemptSpan } from '../../../../src/telemetry/tracing/attempt-span.js';
import { FollowedContexts } from '../../../../src/telemetry/tracing/followed-contexts.js';
import { tellTrace } from '../../../../src/telemetry/tracing/log-mixin.js';
import { inPartSpan } from '../../../../src/telemetry/tracing/part-span.js';
import { startSendSpan } from '../../../../src/telemetry/tracing/send-span.js';
import { signal } from '../../../integration/worker-pool/signal.js';

/** Newer versions of Node carry contexts for nothing, and following is never ended. */
const paysForContexts = Number.parseInt(process.versions.node, 10) < 24;
const done: Outcome = { kind: 'completed', resultJson: 'null' };
const key = Symbol('test');
const named = (name: string): Context => ROOT_CONTEXT.setValue(key, name);
const nameOfActive = () => context.active().getValue(key);
const activeSpanId = () => trace.getActiveSpan()?.spanContext().spanId;

let exporter: InMemorySpanExporter;
let provider: NodeTracerProvider;

/** Every root is sampled but attempts of the kinds that say they are not: so what is sampled anew is seen. */
const roots: Sampler = {
  shouldSample: (_context, _traceId, name) => ({
    decision: name === 'process quiet' ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED,
  }),
  toString: () => 'all but quiet',
};

beforeEach(() => {
  exporter = new InMemorySpanExporter();
  provider = new NodeTracerProvider({
    sampler: new ParentBasedSampler({ root: roots }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const contexts = new FollowedContexts(new AsyncLocalStorageContextManager());
  context.setGlobalContextManager(contexts);
  contexts.enable();
  provider.register({ contextManager: null });
});
afterEach(async () => {
  await provider.shutdown();
  trace.disable();
  context.disable();
  propagation.disable();
});

function startAttempt(queue: 'loud' | 'quiet', carrier?: string): AttemptSpan {
  const job = { id: '1', kind: 'do', meta: {}, attemptsMade: 0, starts: 1, carrier };
  return startAttemptSpan(queue, 'worker-1', job) as AttemptSpan;
}

/** An attempt whose handler has begun and goes on until it is told to end. */
function begin<T>(attempt: AttemptSpan, handler: () => T) {
  const running = attempt.run(handler);
  return {
    running,
    end: () => {
      attempt.leave();
      attempt.end(done, false);
    },
  };
}

/** Runs an attempt from its start to its end. */
async function runAttempt<T>(queue: 'loud' | 'quiet', handler: () => Promise<T> | T): Promise<T> {
  const { running, end } = begin(startAttempt(queue), handler);
  try {
    return await running;
  } finally {
    end();
  }
}

/** Whether Node follows contexts: it marks every promise that is made meanwhile. */
async function follows(): Promise<boolean> {
  // Following ends in a microtask of its own.
  await null;
  return Object.getOwnPropertySymbols(new Promise(() => undefined)).length > 0;
}

const sendFacts = { queue: 'other', kind: 'do', count: 1, tenant: undefined, traceparent: undefined };
const isSendSampled = () => startSendSpan(sendFacts) !== undefined;

describe('an attempt that is followed', () => {
  it('has its context in everything that it awaits, and within what it enters itself', async () => {
    const seen = await runAttempt('loud', async () => {
      const own = activeSpanId();
      await sleep(1);
      const inner = await context.with(named('inner'), async () => {
        await null;
        return context.with(named('innermost'), () => nameOfActive());
      });
      await new Promise((resolve) => setImmediate(resolve));
      return { own, inner, later: activeSpanId() };
    });

    expect(seen).toEqual({ own: expect.any(String), inner: 'innermost', later: seen.own });
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  it('keeps its context while another one ends', async () => {
    const gate = signal<void>();
    const long = begin(startAttempt('loud'), async () => {
      const own = activeSpanId();
      await gate.promise;
      await sleep(1);
      return [own, activeSpanId()];
    });

    const shorter = await runAttempt('loud', async () => activeSpanId());
    await runAttempt('quiet', async () => sleep(1));
    gate.send();
    const [own, later] = await long.running;
    long.end();

    expect(later).toBe(own);
    expect(shorter).not.toBe(own);
  });

  it('has the context that its job brought, sampled or not', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
    const carrier = encodeCarrier({ traceparent, baggage: 'shop=7' }, 'child');

    const { running, end } = begin(startAttempt('quiet', carrier), async () => {
      await sleep(1);
      return [
        trace.getActiveSpan()?.spanContext().traceId,
        propagation.getActiveBaggage()?.getEntry('shop')?.value,
        isSendSampled(),
      ];
    });

    expect(await running).toEqual(['a'.repeat(32), '7', false]);
    end();
  });

  it('leaves its context to what it started and did not wait for, where nobody gains by ending that', async () => {
    const gate = signal<void>();
    let left: Promise<unknown> | undefined;
    const own = await runAttempt('loud', () => {
      left = gate.promise.then(activeSpanId);
      return activeSpanId();
    });

    gate.send();

    expect(await left).toBe(own);
  });
});

describe.runIf(paysForContexts)('following', () => {
  it('does not begin for attempts that nobody follows', async () => {
    expect(await follows()).toBe(false);

    const duringHandler = await runAttempt('quiet', async () => follows());

    expect(duringHandler).toBe(false);
  });

  it('ends when the last attempt that is followed ends beside one that is not', async () => {
    const quiet = begin(startAttempt('quiet'), () => undefined);
    const first = begin(startAttempt('loud'), () => undefined);
    const second = begin(startAttempt('loud'), () => undefined);

    first.end();
    const whileOneRuns = await follows();
    second.end();
    const whenNoneRuns = await follows();
    quiet.end();

    expect([whileOneRuns, whenNoneRuns]).toEqual([true, false]);
  });

  it('ends when an attempt that nobody follows begins after the last one that is', async () => {
    await runAttempt('loud', () => undefined);
    const before = await follows();

    await runAttempt('quiet', () => undefined);

    expect([before, await follows()]).toEqual([true, false]);
  });

  it('is over and forgotten after many attempts, however they ended', async () => {
    const attempts = Array.from({ length: 300 }, (_, n) => {
      const failing = async () => {
        await sleep(n % 3);
        if (n % 5 === 0) throw new Error('refused');
      };
      return runAttempt(n % 4 === 0 ? 'loud' : 'quiet', failing).catch(() => undefined);
    });
    await Promise.all(attempts);
    await runAttempt('quiet', () => undefined);

    expect(await follows()).toBe(false);
    expect(context.active()).toBe(ROOT_CONTEXT);
  });

  it('goes on for good once somebody else has entered a context', async () => {
    const gate = signal<void>();
    const theirs = context.with(named('theirs'), async () => {
      await gate.promise;
      return nameOfActive();
    });

    await runAttempt('quiet', async () => sleep(1));
    gate.send();

    expect(await theirs).toBe('theirs');
    expect(await follows()).toBe(true);
  });

  it('does not go on for the sake of spans that are sent', async () => {
    await runAttempt('loud', () => undefined);

    await provider.forceFlush();
    await runAttempt('quiet', () => undefined);

    expect(exporter.getFinishedSpans()).toHaveLength(1);
    expect(await follows()).toBe(false);
  });
});

describe('what an attempt begins that nobody follows', () => {
  it('is not sampled anew, however long it took, and is again when none runs', async () => {
    const inHandler = await runAttempt('quiet', async () => {
      const atOnce = isSendSampled();
      await sleep(1);
      return [atOnce, isSendSampled()];
    });

    expect(inHandler).toEqual([false, false]);
    expect(isSendSampled()).toBe(true);
  });

  it('is not sampled anew beside one that is followed, and what that begins is', async () => {
    const gate = signal<void>();
    const handler = async () => {
      await gate.promise;
      return isSendSampled();
    };

    const both = Promise.all([runAttempt('quiet', handler), runAttempt('loud', handler)]);
    gate.send();

    expect(await both).toEqual([false, true]);
  });

  it('becomes a trace of its own where somebody asks for one', async () => {
    const isSampled = await runAttempt('quiet', () => context.with(ROOT_CONTEXT, isSendSampled));

    expect(isSampled).toBe(true);
  });

  it('becomes a trace of its own where somebody binds it to none', async () => {
    const isSampled = await runAttempt('quiet', () => context.bind(ROOT_CONTEXT, isSendSampled)());

    expect(isSampled).toBe(true);
  });

  it('names no trace in log lines', async () => {
    const [quiet, loud] = [
      await runAttempt('quiet', () => tellTrace({}, 30, {})),
      await runAttempt('loud', () => tellTrace({}, 30, {})),
    ];

    expect(quiet).toEqual({});
    expect(loud).toEqual({ trace_id: expect.any(String), span_id: expect.any(String) });
  });
});

describe('where contexts are followed for good', () => {
  beforeEach(() => context.with(named('theirs'), () => undefined));

  it('takes nothing else for a part of an attempt that nobody follows', async () => {
    const gate = signal<void>();
    const { running, end } = begin(startAttempt('quiet'), () => gate.promise);

    const besides = isSendSampled();
    gate.send();
    await running;
    end();

    expect(besides).toBe(true);
  });

  it('has what such an attempt begins not sampled, and what it left running neither', async () => {
    const gate = signal<void>();
    let left: Promise<boolean> | undefined;
    const inHandler = await runAttempt('quiet', async () => {
      left = gate.promise.then(isSendSampled);
      await sleep(1);
      return isSendSampled();
    });
    gate.send();

    expect([inHandler, await left, isSendSampled()]).toEqual([false, false, true]);
  });

  it('names no trace in log lines of such an attempt', async () => {
    const lines = await runAttempt('quiet', async () => {
      await sleep(1);
      return tellTrace({}, 30, {});
    });

    expect(lines).toEqual({});
  });
});

it('makes a part of an attempt that has lost its context a child of the attempt all the same', async () => {
  const quiet = begin(startAttempt('quiet'), () => undefined);
  const attempt = startAttempt('loud');
  let own: string | undefined;
  const { end } = begin(attempt, () => {
    own = activeSpanId();
  });

  const part = { name: 'call smtp', kind: 2, attributes: {} };
  await inPartSpan(
    attempt,
    part,
    async () => undefined,
    () => ({ attributes: {} }),
  );
  end();
  quiet.end();
  await provider.forceFlush();

  const call = exporter.getFinishedSpans().find(({ name }) => name === 'call smtp');
  expect(call?.parentSpanContext?.spanId).toBe(own);
});

it('leaves contexts to a program that registered its own', async () => {
  context.disable();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());

  const seen: (Span | undefined)[] = await runAttempt('quiet', async () => {
    const first = trace.getActiveSpan();
    await sleep(1);
    return [first, trace.getActiveSpan()];
  });

  expect(seen[0]?.isRecording()).toBe(false);
  expect(seen[1]).toBe(seen[0]);
});
