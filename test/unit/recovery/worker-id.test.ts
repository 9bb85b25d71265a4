import { expect, it } from 'vitest';
import { createWorkerId } from '../../../src/recovery/worker-id.js';
import { leaseToken, workerOfToken } from '../../../src/transport/lease-token.js';

it('names one life of a process, so that the next one on the same host and pid is another', () => {
  expect(createWorkerId()).toMatch(new RegExp(`^[a-zA-Z0-9.-]{1,40}-${process.pid}-[0-9a-f]{8}$`));
  expect(createWorkerId()).not.toBe(createWorkerId());
});

it('can be read back from a lease', () => {
  const id = createWorkerId();

  expect(workerOfToken(leaseToken(id, 7))).toBe(id);
});
