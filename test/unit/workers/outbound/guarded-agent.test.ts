import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  createGuardedLookup,
  PrivateAddressError,
  type ResolvedAddress,
  type ResolveHost,
} from '../../../../workers/outbound/guarded-agent.js';
import { isPublicAddress } from '../../../../workers/outbound/public-address.js';

const answering =
  (...addresses: string[]): ResolveHost =>
  (_hostname, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

function look(lookup: LookupFunction, all: boolean): Promise<string | readonly ResolvedAddress[]> {
  return new Promise((resolve, reject) => {
    lookup('example.org', { all }, (error, address) => (error ? reject(error) : resolve(address)));
  });
}

describe('createGuardedLookup', () => {
  it('gives the socket the public addresses alone when a name has both', async () => {
    const lookup = createGuardedLookup(answering('10.0.0.1', '1.1.1.1', '::1', '2606:4700::1111'), isPublicAddress);

    const addresses = await look(lookup, true);

    expect(addresses).toEqual([
      { address: '1.1.1.1', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ]);
  });

  it('gives the first public address to a socket that wants one', async () => {
    const lookup = createGuardedLookup(answering('127.0.0.1', '1.1.1.1'), isPublicAddress);

    const address = await look(lookup, false);

    expect(address).toBe('1.1.1.1');
  });

  it.each([true, false])('refuses a name with private addresses alone and names them (all: %s)', async (all) => {
    const lookup = createGuardedLookup(answering('127.0.0.1', '::ffff:169.254.169.254'), isPublicAddress);

    const looking = look(lookup, all);

    await expect(looking).rejects.toThrow('example.org leads to no public address (127.0.0.1, ::ffff:169.254.169.254)');
    await expect(looking).rejects.toBeInstanceOf(PrivateAddressError);
  });

  it('judges every answer anew, so a name that turns private after a first check gains nothing', async () => {
    const answers = [answering('1.1.1.1'), answering('127.0.0.1')];
    const rebinding: ResolveHost = (hostname, callback) => answers.shift()?.(hostname, callback);
    const lookup = createGuardedLookup(rebinding, isPublicAddress);

    const first = await look(lookup, false);
    const second = look(lookup, false);

    expect(first).toBe('1.1.1.1');
    await expect(second).rejects.toBeInstanceOf(PrivateAddressError);
  });

  it('passes on that a name could not be resolved', async () => {
    const failing: ResolveHost = (_hostname, callback) =>
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    const lookup = createGuardedLookup(failing, isPublicAddress);

    await expect(look(lookup, true)).rejects.toThrow('no such name');
  });
});
