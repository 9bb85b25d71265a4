import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../src/dead-letter/fingerprint.js';

const print = (message: string): string => fingerprintOf('Error', undefined, message);

describe('fingerprintOf', () => {
  it('is twelve hexadecimal digits', () => {
    expect(print('no route')).toMatch(/^[0-9a-f]{12}$/);
    expect(print('')).toMatch(/^[0-9a-f]{12}$/);
  });

  it.each<[string, string, string]>([
    ['numbers', 'order 42 has no lines', 'order 4711 has no lines'],
    ['durations', 'took longer than 1.5s', 'took longer than 30.0s'],
    ['addresses', 'connect ECONNREFUSED 10.0.0.1:5432', 'connect ECONNREFUSED 192.168.17.201:6379'],
    ['UUIDs', 'no user 6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'no user 00000000-0000-4000-8000-ffffffffffff'],
    ['hashes', 'no blob da39a3ee5e6b4b0d3255bfef95601890afd80709', 'no blob 5ba93c9db0cff93f52b521d7420e43f6eda2784f'],
    ['ids with a prefix', 'no customer cus_9f8e7d6c5b4a3928aa', 'no customer cus_ab12cd34ef56ab78bb'],
    ['hexadecimal numbers', 'fault at 0x7ffeefbff5c8aaaa', 'fault at 0x00007f8a4c3b2d1e'],
    ['values in quotes', `no file 'a.txt'`, `no file 'b/c d.pdf'`],
    ['values in double quotes', 'unexpected token "{"', 'unexpected token "}, "'],
    ['values in backticks', 'no table `orders`', 'no table `users`'],
    ['everything behind the first line', 'no route\nat noon', 'no route\nat midnight'],
    [
      'numbers of different length far back in the message',
      `${'a long story about order '.repeat(7)} 7 ${'that ends badly '.repeat(20)}`,
      `${'a long story about order '.repeat(7)} 1234567890 ${'that ends badly '.repeat(20)}`,
    ],
  ])('is the same for messages that differ in %s', (_what, one, other) => {
    expect(print(one)).toBe(print(other));
  });

  it.each<[string, string, string]>([
    ['words', 'no route to host', 'no route to router'],
    ['words after a number', 'order 42 has no lines', 'order 42 has no owner'],
    ['short words of hexadecimal letters', 'bad cafe', 'bad face'],
    ['words between apostrophes', "can't open the file, won't retry", "can't parse the body, won't retry"],
  ])('differs for messages that differ in %s', (_what, one, other) => {
    expect(print(one)).not.toBe(print(other));
  });

  it('differs by name and by code', () => {
    const prints = [
      fingerprintOf('Error', undefined, 'x'),
      fingerprintOf('TypeError', undefined, 'x'),
      fingerprintOf('Error', 'EPIPE', 'x'),
      fingerprintOf('Error', 'ECONNRESET', 'x'),
    ];

    expect(new Set(prints).size).toBe(4);
  });

  it('takes no time over a message of megabytes', () => {
    const startedAt = performance.now();

    print(`"${"'".repeat(2_000_000)}${'f'.repeat(3_000_000)}`);

    expect(performance.now() - startedAt).toBeLessThan(200);
  });
});
