import { expect, it } from 'vitest';
import { exitCodeOf, exitCodeOfSignal } from '../../../src/cli/exit-code.js';
import { UsageError } from '../../../src/cli/usage-error.js';
import { RedisMisconfiguredError } from '../../../src/redis/fitness.js';
import { RedisUnavailableError } from '../../../src/redis/redis-unavailable-error.js';
import { PortTakenError } from '../../../src/telemetry/port-taken-error.js';

it.each<[string, unknown, number]>([
  ['wrong use', new UsageError('x'), 2],
  ['a port that is taken', new PortTakenError('127.0.0.1', 9464, undefined), 2],
  ['a Redis that cannot be reached', new RedisUnavailableError('x'), 3],
  ['a Redis that would lose jobs', new RedisMisconfiguredError('x'), 1],
  ['a bug', new TypeError('x'), 1],
  ['anything thrown', 'x', 1],
])('%s', (_title, error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});

it('names the signal that ended a process', () => {
  expect([exitCodeOfSignal('SIGINT'), exitCodeOfSignal('SIGTERM')]).toEqual([130, 143]);
});
