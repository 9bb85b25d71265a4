import { describe, expect, it } from 'vitest';
import { deadLetterQueue, Keyspace } from '../../../src/redis/keyspace.js';

const keyspace = new Keyspace('shop');

/** The part of a key that decides its slot in a Redis Cluster. */
function hashTag(key: string): string | undefined {
  return /\{([^}]+)\}/.exec(key)?.[1];
}

describe('Keyspace', () => {
  it("gives queues BullMQ's layout under a prefix of their own", () => {
    expect(keyspace.prefix('email')).toBe('{shop:email}');
    expect(keyspace.queue('email', 'wait')).toBe('{shop:email}:email:wait');
    expect(keyspace.queueBase('email')).toBe('{shop:email}:email:');
    expect(keyspace.queue('email', '42')).toBe(`${keyspace.queueBase('email')}42`);
  });

  it('keeps all of a queue, its dead letters too, in one slot', () => {
    const dead = deadLetterQueue('email');

    const tags = [
      keyspace.queue('email', 'wait'),
      keyspace.queue(dead, 'failed'),
      keyspace.queueBase(dead),
      keyspace.parked('email', 'newer_version'),
      keyspace.fence('email'),
      keyspace.fence(dead),
    ].map(hashTag);

    expect(new Set(tags)).toEqual(new Set(['shop:email']));
  });

  it('keeps what belongs to the whole fleet in one slot, whatever the queues', () => {
    const { workers, leader, epoch, queues } = keyspace;

    const tags = [workers, leader, epoch, queues, keyspace.worker('w-1')].map(hashTag);

    expect(new Set(tags)).toEqual(new Set(['shop']));
  });

  it('keeps pools of different namespaces apart', () => {
    const other = new Keyspace('blog');

    expect(other.queue('email', 'wait')).not.toBe(keyspace.queue('email', 'wait'));
    expect(other.leader).not.toBe(keyspace.leader);
  });
});

describe('deadLetterQueue', () => {
  it('is named after the queue it serves', () => {
    expect(deadLetterQueue('email')).toBe('email.dead');
  });
});
