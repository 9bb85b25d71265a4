import { describe, expect, it } from 'vitest';
import { untilAnswered } from '../../../src/idempotency/until-answered.js';
import { ScriptContractError } from '../../../src/redis/define-script.js';

const refusal = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });

/** Asks with these answers in turn, then with the last again and again; tells how often. */
async function ask(answers: readonly unknown[], signal = new AbortController().signal) {
  let asked = 0;
  const answer = await untilAnswered(async () => {
    const next = answers[Math.min(asked++, answers.length - 1)];
    if (next instanceof Error) throw next;
    return next;
  }, signal);
  return { answer, asked };
}

describe('untilAnswered', () => {
  it.each<[string, unknown]>([
    ['Redis is out of memory', refusal('OOM command not allowed')],
    ['Redis reads its data', refusal('LOADING Redis is loading the dataset in memory')],
    ['Redis is a replica now', refusal("READONLY You can't write against a read only replica.")],
    ['the connection was lost', new Error('Connection is closed.')],
    ['there is no answer yet', 'later'],
  ])('asks again when %s', async (_what, answer) => {
    expect(await ask([answer, answer, 'yes'])).toEqual({ answer: 'yes', asked: 3 });
  });

  it.each<[string, Error]>([
    ['Redis refuses for good', refusal('WRONGTYPE Operation against a key holding the wrong kind of value')],
    ['the answer is not understood', new ScriptContractError('step-save.lua answered 42')],
  ])('asks once when %s', async (_what, error) => {
    await expect(ask([error, 'yes'])).rejects.toBe(error);
  });

  it('asks once when the run is called off already, and takes the answer', async () => {
    expect(await ask(['yes'], AbortSignal.abort(new Error('over')))).toEqual({ answer: 'yes', asked: 1 });
  });

  it('ends with the reason of a run that is called off while Redis gives no answer', async () => {
    await expect(ask(['later'], AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
  });

  it('ends with the reason of a run that is called off while Redis is silent', async () => {
    const run = new AbortController();
    const answer = untilAnswered(() => new Promise<string>(() => undefined), run.signal);

    run.abort(new Error('over'));

    await expect(answer).rejects.toThrow('over');
  });
});
