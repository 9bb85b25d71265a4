import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DurableSteps, type DurableStepsOptions } from '../../../src/idempotency/durable-steps.js';
import { Cancellation } from '../../../src/job/cancellation.js';
import { eventually } from '../../support/eventually.js';
import { StepMemory } from '../../support/step-memory.js';

/** Begins a run of a job that remembers what `memory` does, with what each step did counted. */
function startRun(memory = new StepMemory(), options: Partial<DurableStepsOptions> = {}) {
  const ran: string[] = [];
  const cancellation = new Cancellation();
  const steps = new DurableSteps({
    job: { id: '42', token: 'mine' },
    mayHaveSteps: true,
    store: memory,
    limits: { maxStepBytes: 100, maxStepsBytes: 400 },
    cancellation,
    clock: { now: () => 7 as never, elapsed: () => performance.now() },
    effectKey: (name) => `key of ${name}`,
    patienceMs: 50,
    ...options,
  });
  const step = <T>(name: string, result?: T) =>
    steps.step(name, () => {
      ran.push(name);
      return result;
    });
  const failing = (name: string) =>
    steps.step(name, () => {
      ran.push(name);
      throw new Error(`${name} failed`);
    });
  return { steps, step, failing, ran, cancellation, memory };
}

/** The memory of a job in which a run did these steps one after the other. */
async function memoryOf(...names: string[]): Promise<StepMemory> {
  const { step, memory } = startRun();
  for (const name of names) await step(name, `${name} done`);
  return memory;
}

/** A promise that a test settles. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('a step', () => {
  it('does its work and answers what JSON makes of the result', async () => {
    const { step, memory } = startRun();

    expect(await step('now', new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    expect(memory.steps).toEqual([{ entry: { name: 'now', at: 7 }, json: '"1970-01-01T00:00:00.000Z"' }]);
  });

  it('gets its key and a signal that is aborted with the run', async () => {
    const { steps, cancellation } = startRun();
    const { effectKey, aborted } = (await steps.step('charge', (own) => {
      cancellation.abort(new Error('over'));
      return { effectKey: own.effectKey, aborted: own.signal.aborted };
    })) as { effectKey: string; aborted: boolean };

    expect({ effectKey, aborted }).toEqual({ effectKey: 'key of charge', aborted: true });
  });

  it('answers in a later run what it did in an earlier one', async () => {
    const memory = await memoryOf('charge', 'mail');

    const { step, ran } = startRun(memory);

    expect([await step('charge'), await step('mail'), await step('log', 1)]).toEqual(['charge done', 'mail done', 1]);
    expect(ran).toEqual(['log']);
    expect(memory.loads).toBe(2);
  });

  it('asks for nothing in the first run of a job', async () => {
    const { step, memory } = startRun(new StepMemory(), { mayHaveSteps: false });

    await step('charge');

    expect(memory.loads).toBe(0);
  });

  it('is not remembered when it fails, and its error is the caller’s', async () => {
    const { failing, memory } = startRun();

    await expect(failing('charge')).rejects.toThrow('charge failed');
    expect(memory.names).toEqual([]);
  });

  it('may fail unheard without ending the process', async () => {
    const { failing } = startRun();

    void failing('charge');
    await sleep(1);
  });

  it.each(['', 'a b', '-x', 'x'.repeat(101), 7, undefined])('cannot be called %j', async (name) => {
    const { step, ran } = startRun();

    await expect(step(name as string)).rejects.toMatchObject({ code: 'BULWARK_DEFINITION_INVALID' });
    expect(ran).toEqual([]);
  });

  it('cannot be asked for inside of another', async () => {
    const { steps, step, ran } = startRun();

    await expect(steps.step('outer', () => step('inner'))).rejects.toThrow(
      "the step 'inner' is asked for inside of the step 'outer', and steps do not nest",
    );
    expect(ran).toEqual([]);
  });

  it('needs a function', async () => {
    const { steps } = startRun();

    await expect(steps.step('charge', 'not a function' as never)).rejects.toThrow("the step 'charge' needs a function");
  });

  it.each<[string, (run: ReturnType<typeof startRun>) => unknown]>([
    ['is done', ({ step }) => step('charge')],
    ['has failed', ({ failing }) => failing('charge').catch(() => undefined)],
    ['still runs', ({ steps }) => void steps.step('charge', () => new Promise(() => undefined))],
  ])('cannot have the name of one that %s', async (_what, first) => {
    const run = startRun();
    await first(run);

    await expect(run.step('charge')).rejects.toMatchObject({
      code: 'BULWARK_STEP_NAME_TAKEN',
      message: expect.stringContaining("'charge-2'"),
    });
  });
});

describe('what a job remembers', () => {
  it('has a limit for one step, of which the error says what was done', async () => {
    const { step, memory } = startRun();

    await expect(step('charge', 'x'.repeat(99))).rejects.toMatchObject({
      code: 'BULWARK_STEP_RESULT_INVALID',
      message:
        "the step 'charge' has done its work, and is not remembered because its result has 101 bytes as JSON, at most 100 are kept; store the result elsewhere and return a reference to it",
    });
    expect(memory.names).toEqual([]);
  });

  it('has a limit for all of them, those of earlier runs too', async () => {
    const { step, memory } = startRun();
    for (const name of ['a', 'b', 'c']) await step(name, 'x'.repeat(90));

    const { step: later } = startRun(memory);
    for (const name of ['a', 'b', 'c']) await later(name);

    await expect(later('d', 'x'.repeat(90))).rejects.toThrow(
      'with its 92 bytes the steps of the job would take 444 bytes',
    );
  });

  it('has a limit for their number, and runs none beyond it', async () => {
    const { step, ran, memory } = startRun(new StepMemory(), {
      limits: { maxStepBytes: 100, maxStepsBytes: 1_000_000 },
    });
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => step(`s${n}`)));

    await expect(step('one-more')).rejects.toMatchObject({ code: 'BULWARK_STEPS_TOO_MANY' });
    expect([ran.length, memory.steps.length]).toEqual([1_000, 1_000]);
  });
});

describe('a run whose lease is somebody else’s', () => {
  it('remembers nothing and is called off', async () => {
    const { step, cancellation, memory } = startRun();
    memory.holder = 'other';

    await expect(step('charge')).rejects.toMatchObject({ code: 'BULWARK_LEASE_LOST' });
    expect(cancellation.reason).toMatchObject({ code: 'BULWARK_LEASE_LOST' });
    expect(memory.names).toEqual([]);
  });
});

describe('a run that is called off', () => {
  it('begins no step, with its reason', async () => {
    const { step, ran, cancellation } = startRun();
    cancellation.abort(new Error('over'));

    await expect(step('charge')).rejects.toThrow('over');
    expect(ran).toEqual([]);
  });

  it('still remembers a step that is done', async () => {
    const { steps, cancellation, memory } = startRun();

    await steps.step('charge', () => cancellation.abort(new Error('over')));

    expect(memory.names).toEqual(['charge']);
  });
});

describe('a run that ends', () => {
  it('begins no step any more', async () => {
    const { steps, step, ran } = startRun();
    await steps.end(0);

    await expect(step('late')).rejects.toMatchObject({ code: 'BULWARK_RUN_ENDED' });
    expect(ran).toEqual([]);
  });

  it('waits for the steps that still run, and names them', async () => {
    const { steps, memory } = startRun();
    const { opened, open } = gate();
    void steps.step('slow', () => opened);

    await sleep(1);
    const ending = steps.end(60_000);
    open();

    expect(await ending).toEqual({ unused: [], unawaited: ['slow'] });
    expect(memory.names).toEqual(['slow']);
  });

  it('waits for them no longer than it may, and calls them off then', async () => {
    const { steps } = startRun();
    let signal: AbortSignal | undefined;
    const slow = steps.step('slow', (own) => {
      signal = own.signal;
      return new Promise((_, reject) => own.signal.addEventListener('abort', () => reject(own.signal.reason)));
    });
    await eventually('it runs', () => signal);

    expect(await steps.end(1)).toEqual({ unused: [], unawaited: ['slow'] });
    await expect(slow).rejects.toMatchObject({ code: 'BULWARK_RUN_ENDED' });
  });

  it('waits for none when it was called off', async () => {
    const { steps, cancellation } = startRun();
    void steps.step('hung', () => new Promise(() => undefined));
    await sleep(1);
    cancellation.abort(new Error('over'));

    expect(await steps.end(60_000)).toEqual({ unused: [], unawaited: ['hung'] });
  });

  it('names the steps of earlier runs that it did not ask for', async () => {
    const { steps, step } = startRun(await memoryOf('charge', 'mail', 'log'));
    await step('mail');

    expect(await steps.end(0)).toEqual({ unused: ['charge', 'log'], unawaited: [] });
  });
});

describe('code that has changed', () => {
  it('runs no step under a new name while the old one is done', async () => {
    const { step, ran } = startRun(await memoryOf('reserve', 'charge'));
    await step('reserve');

    await expect(step('charge-card')).rejects.toMatchObject({
      code: 'BULWARK_STEPS_CHANGED',
      retryable: true,
      details: { step: 'charge-card', missing: ['charge'] },
      message: expect.stringMatching(
        /'charge-card' was not run.*'charge' was done or begun before and is not asked for any more/,
      ),
    });
    expect(ran).toEqual([]);
  });

  it('runs a step that was added behind those that are done', async () => {
    const { step, ran } = startRun(await memoryOf('reserve', 'charge'));
    for (const name of ['reserve', 'charge', 'mail']) await step(name);

    expect(ran).toEqual(['mail']);
  });

  it('may have left out a step at the end', async () => {
    const { step, ran } = startRun(await memoryOf('reserve', 'charge'));

    expect(await step('reserve')).toBe('reserve done');
    expect(ran).toEqual([]);
  });
});

describe('steps side by side', () => {
  it('are told apart from changed code, in whatever order they ended', async () => {
    const first = startRun();
    const { opened, open } = gate();
    const slow = first.steps.step('slow', () => opened);
    await first.step('quick');
    open();
    await slow;

    const { step, ran } = startRun(first.memory);
    await Promise.all([step('new'), step('slow'), step('quick')]);

    expect(ran).toEqual(['new']);
  });

  it('run again that had begun when one beside them was done', async () => {
    const first = startRun();
    void first.steps.step('hung', () => new Promise(() => undefined));
    void first.failing('failed');
    await first.step('quick');

    const { step, ran } = startRun(first.memory);
    await step('hung');
    await step('failed');
    await step('quick');

    expect(ran).toEqual(['hung', 'failed']);
    expect(first.memory.steps[0]?.entry.begun).toEqual(['hung', 'failed']);
  });

  it('are told of once', async () => {
    const first = startRun();
    void first.steps.step('hung', () => new Promise(() => undefined));
    await first.step('a');
    await first.step('b');

    expect(first.memory.steps.map(({ entry }) => entry.begun)).toEqual([['hung'], undefined]);
  });

  it('wait for a branch that has something else to do first', async () => {
    const first = startRun();
    await Promise.all([first.step('a'), first.step('b')]);

    const { step, ran } = startRun(first.memory, { patienceMs: 60_000 });
    const { opened, open } = gate();
    const slowBranch = opened.then(() => step('b'));
    const quickBranch = step('a').then(() => step('after-a'));
    await sleep(5);
    expect(ran).toEqual([]);
    open();
    await Promise.all([slowBranch, quickBranch]);

    expect(ran).toEqual(['after-a']);
  });

  it('wait for a branch whose step still runs, however long', async () => {
    const first = startRun();
    void first.failing('fails');
    await first.step('a');
    await first.step('after-fails');

    const { steps, step, ran } = startRun(first.memory, { patienceMs: 5 });
    const { opened, open } = gate();
    const slowBranch = steps.step('fails', () => opened).then(() => step('after-fails'));
    const quickBranch = step('a').then(() => step('after-a'));
    await sleep(30);
    expect(ran).toEqual([]);
    open();
    await Promise.all([slowBranch, quickBranch]);

    expect(ran).toEqual(['after-a']);
  });
});
