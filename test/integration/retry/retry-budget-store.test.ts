import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RetryBudget, type RetryBudgetRule, takeRetry } from '../../../src/retry/retry-budget.js';
import { type RetryAnswer, RetryBudgetStore } from '../../../src/retry/retry-budget-store.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const rule: RetryBudgetRule = { capacity: 100_000, perMs: 1, perFirstAttempt: 200, fadeMs: 10_000 };
const now = 1_700_000_000_000 as EpochMs;

/** The budgets of a queue that no other test knows, and a job whose last attempts are as written. */
async function startBudgets({ rule: own = rule, history = '' } = {}) {
  const queue = pool().queue().name;
  const { client, keyspace } = pool();
  const store = new RetryBudgetStore(client, keyspace, queue, own);
  const budgetKey = (name: string) => `${keyspace.retryBudgetBase(queue)}${name}`;
  const job = keyspace.queue(queue, '7');
  await client.hset(job, history === '' ? { name: 'x' } : { bwh: history });
  await client.set(`${job}:lock`, 'mine');
  return {
    budgetKey,
    lock: `${job}:lock`,
    put: (name: string, { left, at }: RetryBudget) => client.hset(budgetKey(name), { left, at }),
    read: async (name: string): Promise<RetryBudget | undefined> => {
      const { left, at } = await client.hgetall(budgetKey(name));
      return left === undefined ? undefined : { left: Number(left), at: Number(at) as EpochMs };
    },
    take: (firstAttempts: Record<string, number> = { '-': 0 }, cannotWait = false) =>
      store.take(
        { job: { id: '7', token: 'mine' }, firstAttempts: new Map(Object.entries(firstAttempts)), cannotWait },
        now,
      ),
    takeNow: () =>
      store.take({ job: { id: '7', token: 'mine' }, firstAttempts: new Map([['-', 0]]), cannotWait: false }),
  };
}

const failedIn = (...dependencies: (string | undefined)[]): string =>
  JSON.stringify(dependencies.map((dependency, index) => ({ attempt: index + 1, dependency })));

const isNearlyFull = (budget: RetryBudget | undefined): boolean =>
  budget !== undefined && budget.left < rule.capacity && budget.left > rule.capacity - 5_000;

const anyBudget = fc.option(
  fc.record({ left: fc.integer({ min: -150_000, max: 300_000 }), agoMs: fc.integer({ min: -50_000, max: 300_000 }) }),
  { nil: undefined },
);

describe('a retry', () => {
  it('for any budgets, does to them what the pure function does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.constantFrom('-', 'smtp', 'bank'), anyBudget, { noNullPrototype: true }),
        fc.constantFrom('smtp', 'bank', 'unknown', undefined),
        fc.record({ '-': fc.nat(600), smtp: fc.nat(600), bank: fc.nat(3) }),
        fc.boolean(),
        async (known, dependency, firstAttempts, cannotWait) => {
          const bench = await startBudgets({ history: failedIn('unknown', dependency) });
          const asked = dependency === 'smtp' || dependency === 'bank' ? dependency : '-';
          const budgets = Object.keys(firstAttempts) as (keyof typeof firstAttempts)[];
          const expected = budgets.map((name) => {
            const budget = known[name];
            const before = budget && { left: budget.left, at: (now - budget.agoMs) as EpochMs };
            const wish = { firstAttempts: firstAttempts[name], cannotWait };
            if (name === asked) return { name, before, ...takeRetry(before, rule, wish, now) };
            // What only comes in is what a retry would have found, which then takes nothing.
            const { budget: after, verdict } = takeRetry(before, rule, { ...wish, cannotWait: false }, now);
            const left = (after?.left ?? rule.capacity) + (verdict === 'taken' ? 1_000 : 0);
            const kept = left === rule.capacity ? undefined : { left, at: now };
            return { name, before, verdict, budget: wish.firstAttempts === 0 ? before : kept };
          });
          // Nearly full ones expire while the test looks.
          fc.pre(expected.every(({ budget, before }) => budget === before || !isNearlyFull(budget)));
          for (const { name, before } of expected) if (before) await bench.put(name, before);

          const answer = await bench.take(firstAttempts, cannotWait);

          expect(answer).toEqual({
            budget: asked,
            verdict: expected.find(({ name }) => name === asked)?.verdict,
          });
          for (const { name, budget } of expected) expect(await bench.read(name)).toEqual(budget);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each<[string, string, string]>([
    ['the dependency that made the last attempt fail', failedIn('bank', 'smtp'), 'smtp'],
    ['the one for all other causes when none did', failedIn('smtp', undefined), '-'],
    ['the one for all other causes when the kind does not declare it', failedIn('crm'), '-'],
    ['the one for all other causes when nothing is known', '', '-'],
    ['the one for all other causes when the history is no JSON', '[{', '-'],
    ['the one for all other causes when the history is no list', '{"dependency":"smtp"}', '-'],
    ['the one for all other causes when it holds something else', '[{"dependency":"smtp"},7]', '-'],
    ['the one for all other causes when the dependency is no text', '[{"dependency":{"a":1}}]', '-'],
    ['the one for all other causes when it is empty', '[]', '-'],
    ['the one for all other causes when it is null', 'null', '-'],
  ])('is taken from the budget of %s', async (_what, history, expected) => {
    const { take } = await startBudgets({ history });

    expect(await take({ '-': 0, smtp: 0, bank: 0 })).toEqual({ budget: expected, verdict: 'taken' });
  });

  it.each<[string, RetryAnswer | undefined, RetryBudget | undefined]>([
    ['mine', { budget: '-', verdict: 'taken' }, { left: 100_400, at: now }],
    ["another's", undefined, undefined],
    ['', undefined, undefined],
  ])('is taken by nobody but whoever holds the lease: %s', async (holder, expected, left) => {
    const { take, read, lock } = await startBudgets();
    await (holder === '' ? pool().client.del(lock) : pool().client.set(lock, holder));

    expect(await take({ '-': 7 })).toEqual(expected);
    expect(await read('-')).toEqual(left);
  });

  it("goes by Redis' clock", async () => {
    const { takeNow, read } = await startBudgets();

    await takeNow();

    expect(Math.abs(((await read('-'))?.at ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it.each<[string, Record<string, string>]>([
    ['words', { left: 'many', at: 'today' }],
    ['nothing', { left: '', at: '' }],
    ['no number', { left: 'nan', at: 'inf' }],
    ['too many digits', { left: '9'.repeat(30), at: '1' }],
    ['only half of it', { left: '0' }],
  ])('finds the budget full when somebody else has written %s into it', async (_what, fields) => {
    const { take, read, budgetKey } = await startBudgets();
    await pool().client.hset(budgetKey('-'), fields);

    expect(await take()).toEqual({ budget: '-', verdict: 'taken' });
    expect(await read('-')).toEqual({ left: 99_000, at: now });
  });
});

describe('a budget', () => {
  it('expires when it is full', async () => {
    const { take, budgetKey } = await startBudgets({ rule: { ...rule, perMs: 2 } });

    for (let count = 0; count < 40; count++) await take();

    const ttl = await pool().client.pttl(budgetKey('-'));
    expect(ttl).toBeGreaterThan(10_000);
    expect(ttl).toBeLessThanOrEqual(20_000);
  });

  it('expires when what first attempts have brought in beyond its capacity has faded', async () => {
    const { take, read, budgetKey } = await startBudgets();

    await take({ '-': 1_000 });

    expect(await read('-')).toEqual({ left: 299_000, at: now });
    const ttl = await pool().client.pttl(budgetKey('-'));
    expect(ttl).toBeGreaterThan(5_000);
    expect(ttl).toBeLessThanOrEqual(10_000);
  });

  it('is gone when first attempts have filled it', async () => {
    const { take, put, budgetKey } = await startBudgets();
    await put('smtp', { left: 0, at: now });

    await take({ '-': 0, smtp: 500 });

    expect(await pool().client.exists(budgetKey('smtp'))).toBe(0);
  });

  it('is shared by all who ask at the same time', async () => {
    const { take } = await startBudgets({ rule: { ...rule, capacity: 10_000 } });

    const answers = await Promise.all(Array.from({ length: 50 }, () => take()));

    expect(answers.filter((answer) => answer?.verdict === 'taken')).toHaveLength(10);
  });
});
