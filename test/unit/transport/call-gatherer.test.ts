import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CallGatherer } from '../../../src/transport/call-gatherer.js';

/** A gatherer whose calls are answered, or fail, when the test says so. */
function gatherer({ mostPerCall = 3, sizes = {} as Record<string, number> } = {}) {
  const calls: { readonly requests: readonly string[]; answer(): void; fail(error: Error): void }[] = [];
  const rejected: [string, unknown][] = [];
  const it = new CallGatherer<string>({
    mostPerCall,
    sizeOf: (request) => sizes[request] ?? 1,
    call: (requests) =>
      new Promise((resolve, reject) => {
        calls.push({ requests, answer: resolve, fail: reject });
      }),
    reject: (request, error) => rejected.push([request, error]),
  });
  const add = (...requests: string[]) => {
    for (const request of requests) it.add(request);
  };
  return { it, add, calls, rejected, sent: () => calls.map(({ requests }) => requests.join('')) };
}

/** Lets everything that can leave leave. */
async function settle(): Promise<void> {
  for (let n = 0; n < 5; n++) await turn();
}

describe('requests that fall together', () => {
  it('travel as one call, at the end of the turn', async () => {
    const { add, sent } = gatherer();

    add('a', 'b');
    const before = sent();
    await settle();

    expect(before).toEqual([]);
    expect(sent()).toEqual(['ab']);
  });

  it('travel in several calls when they are too many for one, two of them under way', async () => {
    const { add, sent, calls } = gatherer();
    add(...'abcdefgh');
    await settle();
    const atFirst = sent();

    calls[0]?.answer();
    await settle();

    expect(atFirst).toEqual(['abc', 'def']);
    expect(sent()).toEqual(['abc', 'def', 'gh']);
  });

  it('keep their order around one that is larger than a call, which travels alone', async () => {
    const { add, sent } = gatherer({ sizes: { X: Number.POSITIVE_INFINITY } });

    add('a', 'X', 'b');
    await settle();
    const two = sent();

    expect(two).toEqual(['a', 'X']);
  });

  it('are all rejected when their call fails, and others go on', async () => {
    const { add, sent, calls, rejected } = gatherer();
    const error = new Error('gone');
    add(...'abcd');
    await settle();

    calls[0]?.fail(error);
    add('e');
    await settle();

    expect(rejected).toEqual([...'abc'].map((request) => [request, error]));
    expect(sent()).toEqual(['abc', 'd', 'e']);
  });
});

describe('idleness', () => {
  it('is there at once when nothing was added', async () => {
    await expect(gatherer().it.whenIdle()).resolves.toBeUndefined();
  });

  it('comes when everything has been answered, also what was added meanwhile', async () => {
    const { it, add, calls } = gatherer({ mostPerCall: 1 });
    let idle = false;
    add('a', 'b', 'c');
    const waited = it.whenIdle().then(() => {
      idle = true;
    });

    await settle();
    calls[0]?.answer();
    calls[1]?.fail(new Error('gone'));
    await settle();
    const early = idle;
    calls[2]?.answer();
    await waited;

    expect(early).toBe(false);
    expect(calls).toHaveLength(3);
  });
});
