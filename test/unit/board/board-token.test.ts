import { expect, it } from 'vitest';
import { isSession, isToken, sessionOf } from '../../../src/board/board-token.js';
import type { EpochMs } from '../../../src/time/duration.js';

const token = 'correct-horse-battery';
const now = 1_000_000 as EpochMs;

it('takes the token and nothing that resembles it', () => {
  expect(isToken(token, token)).toBe(true);
  for (const guess of ['', token.slice(1), `${token} `, token.toUpperCase()]) expect(isToken(guess, token)).toBe(false);
});

it('takes a session until it ends, under the token that it was made with', () => {
  const session = sessionOf(token, now + 1_000);

  expect(isSession(session, token, now)).toBe(true);
  expect(isSession(session, token, (now + 1_000) as EpochMs)).toBe(false);
  expect(isSession(session, 'another-token-of-16', now)).toBe(false);
});

it.each([
  ['whose end was moved', (session: string) => session.replace(/^\d+/, '9999999999999')],
  ['without a signature', (session: string) => session.replace(/\..*/, '.')],
  ['with another signature', (session: string) => `${session.slice(0, -1)}_`],
  ['that is nothing', () => ''],
  ['that never ends', () => `Infinity.${sessionOf(token, Number.POSITIVE_INFINITY).split('.')[1]?.slice(1)}`],
])('refuses a session %s', (_title, forge) => {
  expect(isSession(forge(sessionOf(token, now + 1_000)), token, now)).toBe(false);
});
