import { describe, expect, it } from 'vitest';
import { defineQueue } from '../../../src/job/define-queue.js';
import { encodeQueuePolicy, parseQueuePolicy } from '../../../src/job/queue-policy.js';

describe('the policy of a queue', () => {
  it('is read as it was written', () => {
    const queue = defineQueue({ name: 'email', criticality: 'critical', slo: '30s', group: 'mail', maxWaiting: 9 });

    expect(parseQueuePolicy(encodeQueuePolicy(queue))).toEqual({
      criticality: 'critical',
      sloMs: 30_000,
      group: 'mail',
      maxWaiting: 9,
    });
  });

  it('belongs to the group `default` when it was written by a version that knew no groups', () => {
    expect(parseQueuePolicy('{"criticality":"critical","sloMs":1}')).toMatchObject({ group: 'default' });
  });

  it.each(['', 'not json', 'null', '7', '{}', '{"criticality":"vital","sloMs":1}', '{"criticality":"critical"}'])(
    'is the default when what is stored is %j',
    (json) => {
      expect(parseQueuePolicy(json)).toEqual({ criticality: 'sheddable_plus', sloMs: 300_000, group: 'default' });
    },
  );
});
