import { expect, it } from 'vitest';
import { decideGiveUp, type GiveUp } from '../../../../src/cli/keeper/decide-give-up.js';

/** One letter a worker: `x` dies as soon as it is started, `o` does not. */
it.each<[string, GiveUp | undefined]>([
  ['o', undefined],
  ['x', 'workers'],
  ['ox', undefined],
  ['xx', 'workers'],
  ['oox', undefined],
  ['oxx', 'workers'],
  ['ooxx', undefined],
  ['oxxx', 'workers'],
  ['oooooooooo', undefined],
])('with workers %s, gives up: %s', (workers, verdict) => {
  const slots = [...workers].map((letter) => ({ role: 'worker', looping: letter === 'x' }) as const);

  expect(decideGiveUp([{ role: 'supervisor', looping: false }, ...slots])).toBe(verdict);
  expect(decideGiveUp(slots)).toBe(verdict);
});

it('gives up for the supervisor alone', () => {
  const slots = [
    { role: 'supervisor', looping: true },
    { role: 'worker', looping: false },
  ] as const;

  expect(decideGiveUp(slots)).toBe('supervisor');
});
