import { randomFillSync } from 'node:crypto';

/** Drawn from the system at once, because asking costs far more than what it gives. */
const pool = Buffer.allocUnsafe(4_096);
let used = pool.length;

/** So many random bytes as lower-case hex, each given out once. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/** An id of 128 random bits: nobody else draws the same. */
export function randomJobId(): string {
  return randomHex(16);
}
