import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DurableSteps } from '../../src/idempotency/durable-steps.js';
import { Cancellation } from '../../src/job/cancellation.js';
import { StepMemory } from '../support/step-memory.js';

/** What one branch of a handler does in turn. */
interface Action {
  /** How long it waits for something else first, in turns of the event loop. */
  readonly turns: number;
  /** In how many runs the step fails before it succeeds. */
  readonly failures: number;
  /** Whether the handler goes on when it fails. */
  readonly caught: boolean;
}

/** A handler: branches side by side, each of steps in turn, which are called by branch and place. */
type Program = readonly (readonly Action[])[];

const anyAction: fc.Arbitrary<Action> = fc.record({
  turns: fc.nat(3),
  failures: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }),
  caught: fc.boolean(),
});
const anyProgram: fc.Arbitrary<Program> = fc.array(fc.array(anyAction, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 3,
});

const nameOf = (branch: number, place: number) => `step-${branch}-${place}`;
const namesOf = (program: Program) => program.flatMap((branch, b) => branch.map((_, place) => nameOf(b, place)));

/** A job that runs a program again and again, on one memory. */
class Job {
  readonly memory = new StepMemory();
  /** The steps whose work was done, once for each time. */
  readonly worked: string[] = [];
  readonly #failed = new Map<string, number>();
  #runs = 0;

  /** One run, whose lease is taken away when it has remembered so many steps. Tells why it failed; undefined when it came to its end. */
  async run(program: Program, { leaseAfter = 1_000, patienceMs = 2_000, rename = (name: string) => name } = {}) {
    const token = `run-${this.#runs++}`;
    this.memory.holder = leaseAfter > 0 ? token : 'other';
    let left = leaseAfter;
    const steps = new DurableSteps({
      job: { id: '42', token },
      mayHaveSteps: this.#runs > 1,
      store: {
        load: () => this.memory.load(),
        save: async (owner, step) => {
          const reply = await this.memory.save(owner, step);
          left -= 1;
          if (left === 0) this.memory.holder = 'other';
          return reply;
        },
      },
      limits: { maxStepBytes: 1_000, maxStepsBytes: 100_000 },
      cancellation: new Cancellation(),
      clock: { now: () => 0 as never, elapsed: () => performance.now() },
      effectKey: (name) => name,
      patienceMs,
    });
    const runBranch = async (branch: readonly Action[], b: number) => {
      for (const [place, action] of branch.entries()) {
        for (let turn = 0; turn < action.turns; turn++) await turnOfTheLoop();
        const name = rename(nameOf(b, place));
        const step = steps.step(name, () => this.#work(name, action));
        if (action.caught) await step.catch(throwUnlessOwn);
        else await step;
      }
    };
    const [failure] = (await Promise.allSettled(program.map(runBranch))).filter(({ status }) => status === 'rejected');
    await steps.end(0);
    return (failure as PromiseRejectedResult | undefined)?.reason as { readonly code?: string } | undefined;
  }

  async #work(name: string, { failures }: Action): Promise<string> {
    await turnOfTheLoop();
    const failed = this.#failed.get(name) ?? 0;
    this.#failed.set(name, failed + 1);
    if (failed < failures) throw new Error('its own');
    this.worked.push(name);
    return name;
  }
}

/** A handler may go on without a step that failed, and not without its lease. */
function throwUnlessOwn(error: Error): void {
  if (error.message !== 'its own') throw error;
}

describe('durable steps', () => {
  it('for any handler and any loss of its lease, come to the end, and do no work again that was remembered', async () => {
    await fc.assert(
      fc.asyncProperty(anyProgram, fc.array(fc.nat(4), { maxLength: 4 }), async (program, losses) => {
        const job = new Job();
        for (const leaseAfter of losses) {
          const before = [...job.memory.names];
          job.worked.length = 0;

          const failure = await job.run(program, { leaseAfter });

          expect(failure?.code).not.toBe('BULWARK_STEPS_CHANGED');
          expect(job.worked.filter((name) => before.includes(name))).toEqual([]);
        }

        let failure: unknown = 'not run yet';
        for (let run = 0; run < 40 && failure !== undefined; run++) failure = await job.run(program);

        expect(failure).toBeUndefined();
        const undone = namesOf(program).filter((name) => !job.memory.names.includes(name));
        const allowed = namesOf(program).filter((name) => {
          const [, b, place] = name.split('-').map(Number) as [number, number, number];
          return program[b]?.[place]?.caught;
        });
        expect(undone.filter((name) => !allowed.includes(name))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('for any handler, run no step under a new name that is done under its old one', async () => {
    await fc.assert(
      fc.asyncProperty(anyProgram, fc.integer({ min: 1, max: 6 }), fc.nat(), async (program, leaseAfter, pick) => {
        const job = new Job();
        await job.run(program, { leaseAfter });
        const { names } = job.memory;
        fc.pre(names.length > 0);
        const renamed = names[pick % names.length];
        job.worked.length = 0;

        const failure = await job.run(program, {
          patienceMs: 20,
          rename: (name) => (name === renamed ? 'renamed' : name),
        });

        expect(job.worked).not.toContain('renamed');
        expect(failure).toBeDefined();
      }),
      { numRuns: 100 },
    );
  });
});
