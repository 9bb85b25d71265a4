import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeadLetterRecord } from '../../../src/dead-letter/record.js';
import { QueueFences } from '../../../src/transport/queue-fences.js';
import { orphan } from '../../support/orphan.js';
import { recordLog, usePool } from '../worker-pool/test-pool.js';
import { LeaseBench } from './lease-bench.js';

const pool = usePool();

function openFences() {
  const { log, said } = recordLog();
  return { fences: new QueueFences(pool().client, pool().keyspace, log), said };
}

const record: DeadLetterRecord = {
  reason: 'poison',
  error: { class: 'permanent', name: 'PoisonJobError', message: 'died', retryable: false } as never,
  queue: 'q',
  id: 'i',
  by: 'the-leader',
};

/** Every way in which a leader changes a queue. */
const writes = {
  recover: (bench: LeaseBench, id: string, epoch: number) =>
    pool().admin.recover(orphan(bench.queue, id, 'mine', {}, epoch)),
  quarantine: (bench: LeaseBench, id: string, epoch: number) =>
    pool().admin.quarantine(orphan(bench.queue, id, 'mine', {}, epoch), { delayMs: 60_000, spacingMs: 5_000 }),
  bury: (bench: LeaseBench, id: string, epoch: number) =>
    pool().admin.deadLetterOrphan(orphan(bench.queue, id, 'mine', {}, epoch), record),
  'bury the child of a flow': async (bench: LeaseBench, id: string, epoch: number) => {
    await pool().client.hset(bench.jobKey(id), { parentKey: 'q:1', parent: '{"id":"1","queueKey":"q"}' });
    return pool().admin.deadLetterOrphan(orphan(bench.queue, id, 'mine', {}, epoch), record);
  },
} as const;

describe.each(Object.entries(writes))('%s', (name, write) => {
  it('is refused to a leader whose queue a later one has fenced, and writes nothing', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await openFences().fences.raise(7, [bench.queue]);
    if (name.includes('child')) await write(bench, id, 6);
    const before = await pool().dump();

    expect(await write(bench, id, 6)).toBe('deposed');

    expect(await pool().dump()).toEqual(before);
  });

  it('is done for the leader at the fence', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await openFences().fences.raise(7, [bench.queue]);

    expect(await write(bench, id, 7)).toBe('done');
  });

  it('fences a queue that nobody has fenced', async () => {
    const bench = new LeaseBench(pool());
    const [first, second] = [await bench.take('mine'), await bench.take('mine')];

    expect(await write(bench, first.id, 7)).toBe('done');

    expect(await write(bench, second.id, 6)).toBe('deposed');
  });

  it.each(['a string', '', '-3', '1e300', '99999999999999999999'])(
    'takes a fence that says %j for none, because somebody else wrote it',
    async (text) => {
      const bench = new LeaseBench(pool());
      const { id } = await bench.take('mine');
      await pool().client.set(pool().keyspace.fence(bench.queue), text);

      expect(await write(bench, id, 1)).toBe('done');
    },
  );
});

describe('raise-fence', () => {
  it('answers the epoch at which the highest fence stands, and never lowers one', async () => {
    const [a, b] = [pool().queue().name, pool().queue().name];
    const { fences } = openFences();

    expect(await fences.raise(3, [a, b])).toBe(3);
    expect(await openFences().fences.raise(5, [b])).toBe(5);
    expect(await openFences().fences.raise(4, [a, b])).toBe(5);

    const stand = await pool().client.mget(pool().keyspace.fence(a), pool().keyspace.fence(b));
    expect(stand).toEqual(['4', '5']);
  });

  it('is asked once in a term for each queue, and for those that come later', async () => {
    const [a, b] = [pool().queue().name, pool().queue().name];
    const { fences } = openFences();
    await fences.raise(3, [a]);
    await pool().client.del(pool().keyspace.fence(a));

    await fences.raiseNew(3, [a, b]);

    expect(await pool().client.exists(pool().keyspace.fence(a))).toBe(0);
    expect(await pool().client.get(pool().keyspace.fence(b))).toBe('3');
  });

  it('leaves a queue whose fence Redis refuses to the first write, and says which, once', async () => {
    const queue = pool().queue().name;
    const { fences, said } = openFences();
    await pool().client.config('SET', 'maxmemory', '1');

    const found = await fences
      .raise(3, [queue])
      .then(() => fences.raiseNew(3, [queue]))
      .finally(() => pool().client.config('SET', 'maxmemory', '0'));

    expect(found).toBe(3);
    expect(said('fence.failed')).toEqual([expect.objectContaining({ queue, epoch: 3 })]);
  });
});

describe('two leaders', () => {
  it('for any interleaving of what they do, have epochs accepted that never decrease', async () => {
    const anyDeed = fc.record({ epoch: fc.integer({ min: 1, max: 2 }), deed: fc.constantFrom('raise', 'write') });

    await fc.assert(
      fc.asyncProperty(fc.array(anyDeed, { minLength: 2, maxLength: 12 }), async (deeds) => {
        const bench = new LeaseBench(pool());
        const accepted: number[] = [];
        let raised = 0;
        for (const { epoch, deed } of deeds) {
          if (deed === 'raise') {
            raised = Math.max(raised, await openFences().fences.raise(epoch, [bench.queue]));
            continue;
          }
          const { id } = await bench.take('mine');
          const reply = await pool().admin.recover(orphan(bench.queue, id, 'mine', {}, epoch));
          if (reply === 'done') accepted.push(epoch);
          expect(reply).toBe(epoch < Math.max(raised, ...accepted) ? 'deposed' : 'done');
          await pool().client.del(bench.keys.active, bench.keys.wait);
        }
        expect(accepted).toEqual([...accepted].sort());
      }),
      { numRuns: 60 },
    );
  });
});
