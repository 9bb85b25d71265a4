import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CallGatherer } from '../../../src/transport/call-gatherer.js';

/** A gatherer whose calls are answered, or fail, when the test says so. */
function gatherer({ mostPerCall = 3, sizes = {} as Record<string, number> } = {}) {
  const calls: { readonly requests: readonly string[]; answer(): void; fail(error: Error): void }[] = [];
  const rejected: [string, unknown][] = [];
  const story: string[] = [];
  let then = (_requests: readonly string[]): void => undefined;
  const it = new CallGatherer<string, string>({
    mostPerCall,
    sizeOf: (request) => sizes[request] ?? 1,
    call: (requests) =>
      new Promise((resolve, reject) => {
        story.push(`call ${requests.join('')}`);
        calls.push({ requests, answer: () => resolve('done'), fail: reject });
      }),
    answer: (requests) => {
      story.push(`answer ${requests.join('')}`);
      then(requests);
    },
    reject: (request, error) => rejected.push([request, error]),
  });
  const add = (...requests: string[]) => {
    for (const request of requests) it.add(request);
  };
  /** What happens from now on, where each answer brings about something. */
  const onAnswer = (brings: typeof then): readonly string[] => {
    then = brings;
    story.length = 0;
    return story;
  };
  return { it, add, calls, rejected, onAnswer, sent: () => calls.map(({ requests }) => requests.join('')) };
}

/** Lets everything that can leave leave. */
async function settle(): Promise<void> {
  for (let n = 0; n < 5; n++) await turn();
}

describe('requests that fall together', () => {
  it('travel as one call, when what runs now has ended', async () => {
    const { add, sent } = gatherer();

    add('a', 'b');
    const before = sent();
    await Promise.resolve();

    expect(before).toEqual([]);
    await settle();
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

  it('leave before the answer to the call ahead of them is handed out', async () => {
    const { add, calls, onAnswer } = gatherer();
    add(...'abcdefg');
    await settle();
    const story = onAnswer(() => undefined);

    calls[0]?.answer();
    await settle();

    expect(story).toEqual(['call g', 'answer abc']);
  });

  it('join a second call while the first is under way', async () => {
    const { add, sent } = gatherer();
    add('a');
    await settle();

    add('b');
    add('c');
    await settle();

    expect(sent()).toEqual(['a', 'bc']);
  });

  it('travel as two calls when they are many, so that Redis and this process both work', async () => {
    const { add, sent } = gatherer({ mostPerCall: 100 });

    add(...'abcdefghijklmnopqrst');
    await settle();

    expect(sent()).toEqual(['abcdefghij', 'klmnopqrst']);
  });

  it('keep their order around one that is larger than a call, which travels alone', async () => {
    const { add, sent, calls } = gatherer({ sizes: { X: Number.POSITIVE_INFINITY } });

    add('a', 'X', 'b');
    await settle();
    calls[0]?.answer();
    await settle();
    calls[1]?.answer();
    await settle();

    expect(sent()).toEqual(['a', 'X', 'b']);
  });

  it('wait a turn behind a larger one, which may not have sent anything when it leaves', async () => {
    const { add, sent, calls } = gatherer({ sizes: { X: Number.POSITIVE_INFINITY } });
    add('a');
    await settle();
    add('b');
    await settle();
    add('X', 'c');

    // Both answers are there in the same turn.
    calls[0]?.answer();
    calls[1]?.answer();
    await Promise.resolve().then(() => undefined);
    for (let n = 0; n < 20; n++) await Promise.resolve();
    const thisTurn = sent();
    await settle();

    expect(thisTurn).toEqual(['a', 'b', 'X']);
    expect(sent()).toEqual(['a', 'b', 'X', 'c']);
  });

  it('leave before the second of two answers that come together is handed out', async () => {
    const { add, calls, onAnswer } = gatherer({ mostPerCall: 2 });
    add('a', 'b');
    await settle();
    add('c', 'd');
    await settle();
    const story = onAnswer((requests) => add(...requests.map((request) => request.toUpperCase())));

    calls[0]?.answer();
    calls[1]?.answer();
    await settle();

    expect(story).toEqual(['answer ab', 'call AB', 'answer cd', 'call CD']);
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
    await settle();
    calls[1]?.fail(new Error('gone'));
    await settle();
    const early = idle;
    calls[2]?.answer();
    await waited;

    expect(early).toBe(false);
    expect(calls).toHaveLength(3);
  });
});
