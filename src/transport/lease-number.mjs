// JavaScript, because the guard's thread uses it too: see guard-thread.mjs.

/** What an Int32 can hold above 0. */
const sharedNumbers = 2 ** 31 - 1;

export function leaseNumber(token) {
  return Number(token.slice(token.lastIndexOf('/') + 1));
}

export function sharedLeaseNumber(number) {
  return (number % sharedNumbers) + 1;
}
