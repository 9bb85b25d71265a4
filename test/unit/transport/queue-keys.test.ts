import { QueueKeys } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { Keyspace } from '../../../src/redis/keyspace.js';
import { queueKeys } from '../../../src/transport/queue-keys.js';

describe('queueKeys', () => {
  it("has every key that BullMQ's own layout has, and each where BullMQ looks for it", () => {
    const theirs = new QueueKeys('{shop:email}').getKeys('email');

    const ours: Readonly<Record<string, string>> = queueKeys(new Keyspace('shop'), 'email');

    for (const [part, key] of Object.entries(theirs)) expect({ part, key: ours[part] }).toEqual({ part, key });
  });
});
