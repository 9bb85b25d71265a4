import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { Turns } from '../../../src/board/turns.js';

/** A response, as far as a turn looks at it. */
class FakeResponse extends EventEmitter {
  destroyed = false;

  close(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

/** Asks for a turn and tells what came of it. */
function ask(turns: Turns) {
  const response = new FakeResponse();
  const asked = { answer: 'waits' as boolean | 'waits', close: () => response.close() };
  void turns.take(response as unknown as ServerResponse).then((answer) => {
    asked.answer = answer;
  });
  return asked;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('lets so many in, has so many wait for them to end, and turns the next away', async () => {
  const turns = new Turns(2, 1);
  const [first, second, third, fourth] = [ask(turns), ask(turns), ask(turns), ask(turns)];
  await settled();
  const before = [first, second, third, fourth].map(({ answer }) => answer);

  first.close();
  await settled();

  expect(before).toEqual([true, true, 'waits', false]);
  expect(third.answer).toBe(true);
  second.close();
  third.close();
  const [fifth, sixth] = [ask(turns), ask(turns)];
  await settled();
  expect([fifth.answer, sixth.answer]).toEqual([true, true]);
});

it('gives the turn of who has gone to the next', async () => {
  const turns = new Turns(1, 2);
  const [first, gone, last] = [ask(turns), ask(turns), ask(turns)];

  gone.close();
  first.close();
  await settled();

  expect(last.answer).toBe(true);
});
