import { describe, expect, it } from 'vitest';
import { leaseToken, workerOfToken } from '../../../src/transport/lease-token.js';

describe('a lease token', () => {
  it('names its worker and differs per fetch', () => {
    expect(leaseToken('host-1-ab', 7)).not.toBe(leaseToken('host-1-ab', 8));
    expect(workerOfToken(leaseToken('host-1-ab', 7))).toBe('host-1-ab');
  });

  it.each<[string, string]>([
    ['of a plain BullMQ worker', '8a0b5b0e-5f2c-4c6e-9a35-3f8f7b6f1c11:3'],
    ['of nobody', ''],
    ['that names no worker', 'bw//7'],
    ['without a number', 'bw/host-1-ab'],
    ['that is cut off', 'bw'],
  ])('%s names none of ours', (_what, token) => {
    expect(workerOfToken(token)).toBeUndefined();
  });
});
