import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSuspectRole } from '../../src/cli/process/suspect-role.js';
import { losses, parseCrashes } from '../../src/job/crash.js';
import { parseCrashRecord } from '../../src/recovery/crash-record.js';
import { spokenEnd } from '../../src/recovery/describe-crash.js';
import { parseOrder } from '../../src/recovery/order.js';

/** Texts that are JSON of some shape, that nearly are what is expected, and that are nothing at all. */
function anyText(shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<string> {
  const nearly = fc.record(shape, { requiredKeys: [] });
  return fc.oneof(
    fc.string(),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    nearly.map((value) => JSON.stringify(value)),
    fc.array(fc.oneof(nearly, fc.jsonValue())).map((value) => JSON.stringify(value)),
  );
}

const anyJson = fc.jsonValue();
const crashLike = {
  at: fc.oneof(fc.integer(), anyJson),
  how: fc.oneof(fc.constantFrom(...losses), anyJson),
  worker: fc.oneof(fc.string(), anyJson),
  exitCode: fc.oneof(fc.integer(), anyJson),
  signal: fc.oneof(fc.constant('SIGSEGV'), anyJson),
  lines: fc.oneof(fc.array(fc.string()), anyJson),
};

describe('what anybody may have written', () => {
  it('for any text, is a list of crashes that can be spoken of, or none', () => {
    fc.assert(
      fc.property(anyText(crashLike), (text) => {
        for (const crash of parseCrashes(text)) {
          expect(Number.isFinite(crash.at) && losses.includes(crash.how)).toBe(true);
          expect(['string', 'undefined']).toContain(typeof spokenEnd(crash));
          expect((crash.lines ?? []).every((line) => typeof line === 'string')).toBe(true);
        }
      }),
    );
  });

  it('for any text, is a record of how a process ended, or none', () => {
    fc.assert(
      fc.property(anyText({ ...crashLike, endedAt: fc.oneof(fc.integer(), anyJson) }), (text) => {
        const record = parseCrashRecord(text);
        if (record === undefined) return;

        expect(Number.isFinite(record.endedAt)).toBe(true);
        expect(record.lines.every((line) => typeof line === 'string')).toBe(true);
      }),
    );
  });

  it('for any text, is an order with all that it needs, or none', () => {
    const orderLike = {
      kind: fc.oneof(fc.constantFrom('quiet', 'drain', 'restart', 'cancel', 'isolate'), anyJson),
      queue: fc.oneof(fc.string(), anyJson),
      jobId: fc.oneof(fc.string(), anyJson),
      why: anyJson,
    };

    fc.assert(
      fc.property(anyText(orderLike), (text) => {
        const order = parseOrder(text);
        if (order?.kind !== 'cancel' && order?.kind !== 'isolate') return;

        expect([order.queue, order.jobId].every((name) => typeof name === 'string')).toBe(true);
      }),
    );
  });

  it('for any text, is the job that a process is there for, or refused with what was expected', () => {
    const roleLike = { queue: fc.string(), jobId: fc.string(), as: fc.oneof(fc.constant('w1-alone-1'), fc.string()) };

    fc.assert(
      fc.property(anyText(roleLike), (text) => {
        try {
          expect(parseSuspectRole(text).as).toMatch(/^[\w.-]+$/);
        } catch (error) {
          expect(error).toMatchObject({ code: 'commander.invalidArgument' });
        }
      }),
    );
  });
});
