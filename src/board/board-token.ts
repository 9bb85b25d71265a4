import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { EpochMs } from '../time/duration.js';

/** A working day; then one signs in again. */
export const sessionMs = 12 * 3_600_000;

/** Whether a guess is the token. How long that takes says nothing of how much of it is right, nor of its length. */
export function isToken(guess: string, token: string): boolean {
  return timingSafeEqual(digest(guess), digest(token));
}

/**
 * What a browser keeps instead of the token: when it ends, signed with the token. Every supervisor of the same token takes it, and another token
 * ends all of them.
 */
export function sessionOf(token: string, endsAt: number): string {
  return `${endsAt}.${signature(token, String(endsAt))}`;
}

/** Whether a session was signed with this token, and has not ended. */
export function isSession(session: string, token: string, now: EpochMs): boolean {
  const [endsAt = '', signed = ''] = session.split('.', 2);
  const isSigned = timingSafeEqual(digest(signed), digest(signature(token, endsAt)));
  return isSigned && Number(endsAt) > now;
}

function signature(token: string, endsAt: string): string {
  return createHmac('sha256', token).update(`bulwark board session until ${endsAt}`).digest('base64url');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
