import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LetterArchive } from '../../src/dead-letter/letter-archive.js';
import type { RawLetter } from '../../src/dead-letter/letter-line.js';
import type { DeadLetterRecord } from '../../src/dead-letter/record.js';
import { keyDigest } from '../../src/idempotency/identity.js';
import { LeaseBench } from '../integration/transport/lease-bench.js';
import { usePool } from '../integration/worker-pool/test-pool.js';
import { orphan } from '../support/orphan.js';

const pool = usePool();

const steps = [
  'enqueue',
  'enqueue_with_key',
  'take',
  'complete',
  'die',
  'crash',
  'poison',
  'redrive',
  'patch',
  'purge',
  'export',
  'import',
] as const;

type Step = (typeof steps)[number];

const anyLife = fc.array(fc.tuple(fc.constantFrom<Step>(...steps), fc.nat(5)), { maxLength: 60 });

/** A queue whose jobs are driven by hand, and what is known of them without asking Redis. */
class Life {
  readonly bench = new LeaseBench(pool());
  readonly #letters = pool().deadLetters({ name: this.bench.queue } as never);
  readonly #archive = new LetterArchive(pool().client, pool().keyspace);
  readonly #exported: RawLetter[] = [];
  #enqueued = 0;
  #purged = 0;
  #imported = 0;
  #leases = 0;
  readonly #running: { readonly id: string; readonly token: string }[] = [];

  async go(step: Step, pick: number): Promise<void> {
    switch (step) {
      case 'enqueue':
        await this.bench.add();
        this.#enqueued += 1;
        return;
      case 'enqueue_with_key': {
        const id = keyDigest({ kind: 'test', tenant: undefined, key: String(pick) });
        const before = await this.#sum();
        await this.bench.add({ id, fingerprint: '1.same' });
        this.#enqueued += (await this.#sum()) - before;
        return;
      }
      case 'take': {
        const { jobs } = await this.bench.calls.take([`lease-${this.#leases++}`]);
        for (const { id, token } of jobs) this.#running.push({ id, token });
        return;
      }
      case 'complete':
        return this.#end('c', ['1', '/-1/1000', ''], pick);
      case 'die':
        return this.#end('d', ['{"reason":"permanent_error"}', '', 'boom', '[]', '', '', '', ''], pick);
      case 'crash':
      case 'poison': {
        const [lost] = this.#running.splice(pick % (this.#running.length || 1), 1);
        if (!lost) return;
        const found = orphan(this.bench.queue, lost.id, lost.token);
        if (step === 'crash') await pool().admin.recover(found);
        else await pool().admin.deadLetterOrphan(found, letterOf(lost.id) as DeadLetterRecord);
        return;
      }
      case 'redrive':
      case 'patch': {
        const letter = await this.#letter(pick);
        if (letter)
          await this.#letters.redrive(letter, { by: 'ada', ...(step === 'patch' && { dataJson: '{"n":2}' }) });
        return;
      }
      case 'purge': {
        const letter = await this.#letter(pick);
        if (letter && (await this.#letters.purge(letter)) === 'deleted') this.#purged += 1;
        return;
      }
      case 'export': {
        const letter = await this.#letter(pick);
        const raw = letter && (await this.#archive.read(letter));
        if (raw) this.#exported.push(raw);
        return;
      }
      case 'import': {
        const raw = this.#exported[pick % (this.#exported.length || 1)];
        const before = await this.#sum();
        if (raw) await this.#archive.put(raw, false);
        this.#imported += (await this.#sum()) - before;
      }
    }
  }

  /** Every job is in one place, its hash lies where its id does, and nothing else lies there. */
  async assertConserved(): Promise<void> {
    const { live, dead } = await this.#places();
    expect(new Set(live).size).toBe(live.length);
    expect(new Set(dead).size).toBe(dead.length);
    const hashes = await pool().client.keys(`${this.bench.keys['']}*`);
    const deadHashes = await pool().client.keys(`${this.bench.dead['']}*`);
    expect(hashes.filter((key) => isJob(key, this.bench.keys[''])).sort()).toEqual(
      live.map((id) => this.bench.jobKey(id)).sort(),
    );
    expect(deadHashes.filter((key) => isJob(key, this.bench.dead[''])).sort()).toEqual(
      dead.map((id) => `${this.bench.dead['']}${id}`).sort(),
    );
    expect(live.length + dead.length).toBe(this.#enqueued + this.#imported - this.#purged);
  }

  async #end(kind: 'c' | 'd', words: string[], pick: number): Promise<void> {
    const [run] = this.#running.splice(pick % (this.#running.length || 1), 1);
    if (run) expect((await this.bench.calls.end({ kind, ...run, words }, undefined)).code).toBe(0);
  }

  async #letter(pick: number) {
    const { dead } = await this.#places();
    const [summary] = await this.#letters.summaries(dead.slice(pick % (dead.length || 1)).slice(0, 1));
    return summary;
  }

  async #sum(): Promise<number> {
    const { live, dead } = await this.#places();
    return live.length + dead.length;
  }

  async #places(): Promise<{ readonly live: string[]; readonly dead: string[] }> {
    const { keys, dead } = this.bench;
    const { client } = pool();
    const live = await Promise.all([
      client.lrange(keys.wait, 0, -1),
      client.lrange(keys.active, 0, -1),
      client.zrange(keys.delayed, '0', '-1'),
      client.zrange(keys.prioritized, '0', '-1'),
      client.zrange(keys.completed, '0', '-1'),
    ]);
    return { live: live.flat(), dead: await client.zrange(dead.failed, '0', '-1') };
  }
}

function letterOf(id: string): object {
  return { reason: 'poison', queue: 'q', id, by: 'test', error: { message: 'boom' } };
}

/** Keys of a job itself are its id alone; those of the queue have names. */
function isJob(key: string, base: string): boolean {
  return /^[0-9a-f-]{32,36}(~\d+)?$/.test(key.slice(base.length));
}

it('for any life of jobs between queue and dead letters, the sum of them stays, and each is in one place', async () => {
  await fc.assert(
    fc.asyncProperty(anyLife, async (moves) => {
      const life = new Life();
      for (const [step, pick] of moves) await life.go(step, pick);
      await life.assertConserved();
    }),
    { numRuns: 150, endOnFailure: true },
  );
}, 60_000);
