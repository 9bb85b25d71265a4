import { describe, expect, it } from 'vitest';
import type { BreakerState } from '../../src/breaker/breaker-state.js';
import { BreakerStore } from '../../src/breaker/breaker-store.js';
import type { EpochMs } from '../../src/time/duration.js';
import { useNamespace } from '../fixtures/cli/namespace.js';
import { readAudit } from '../support/audit.js';

const pool = useNamespace();
const store = () => new BreakerStore(pool().client, pool().keys);
const cli = (...argv: string[]) => pool().cli(...argv);
const cliJson = <T>(...argv: string[]) => pool().answer<T>(...argv);
const audit = () => readAudit(pool().client, pool().keys.namespace);
const state = async (name = 'smtp') => (await store().list()).states.find((breaker) => breaker.name === name);

/** Opens a breaker as the leader does. */
async function trip(name = 'smtp'): Promise<void> {
  await pool().client.hset(pool().keys.leader, 'epoch', 1);
  const verdict = { generation: 0, reason: 'failure_rate' as const, openForMs: 60_000, callsPerSecond: 42, callers: 3 };
  expect(await store().trip(name, verdict, 1)).toBe('tripped');
}

/** Sets one job aside because of a breaker. */
async function park(queue: string, name = 'smtp'): Promise<void> {
  const { client, keys } = pool();
  const due = Date.now() + 60_000;
  await client.hset(keys.queues, queue, '{}');
  await client.hset(keys.queue(queue, 'job-1'), {
    name: 'send',
    data: '{}',
    opts: '{}',
    timestamp: Date.now(),
    bwp: `breaker:${name}`,
  });
  await client.zadd(keys.queue(queue, 'delayed'), due * 4096, 'job-1');
  await client.zadd(keys.parked(queue, `breaker:${name}`), due, 'job-1');
}

describe('breaker ls', () => {
  it('says that nothing has opened', async () => {
    expect(await cli('breaker', 'ls')).toMatchObject({ code: 0, stdout: 'no breaker has opened lately\n' });
  });

  it('lists what is not closed first, with the jobs that are set aside', async () => {
    await trip('crm');
    await store().release('crm', { by: 'ada', why: 'mended' });
    await trip('smtp');
    await park('email');

    const { code, stdout } = await cli('breaker', 'ls');

    expect(code).toBe(0);
    const [, smtp, crm] = stdout.split('\n');
    expect(smtp).toMatch(/^smtp +open +\S+ +1 +most calls failed +probed again in/);
    expect(crm).toMatch(/^crm +closed +\S+ +0 +by ada: mended +-$/);
  });

  it('gives programs all that is known', async () => {
    await trip();
    await park('email');

    const { document } = await cliJson<{ now: EpochMs; breakers: (BreakerState & { parked: object })[] }>(
      'breaker',
      'ls',
    );

    expect(document.breakers).toEqual([{ ...(await state()), parked: { email: 1 } }]);
    expect(document.now).toBeGreaterThan(0);
  });
});

describe('breaker show', () => {
  it('shows one breaker, whole', async () => {
    await trip();
    await park('email');

    const { code, stdout } = await cli('breaker', 'show', 'smtp');

    expect(code).toBe(0);
    expect(stdout).toMatch(/^breaker +smtp$/m);
    expect(stdout).toMatch(/^state +open since 20/m);
    expect(stdout).toMatch(/^why +most calls failed$/m);
    expect(stdout).toMatch(/^load +42 calls a second of 3 workers before it opened$/m);
    expect(stdout).toMatch(/^set aside +1 job of email$/m);
  });

  it('exits with 1 where nothing of that name has opened', async () => {
    const { code, stdout } = await cli('breaker', 'show', 'smpt');

    expect(code).toBe(1);
    expect(stdout).toContain('no breaker smpt has opened lately');
  });
});

describe('breaker isolate and release', () => {
  it('hold a breaker open, let it go, and write both down before', async () => {
    const isolated = await cli('breaker', 'isolate', 'smtp', '--why', 'moving house');
    const held = await state();
    const released = await cli('breaker', 'release', 'smtp', '--why', 'moved');

    expect(isolated).toMatchObject({ code: 0, stdout: 'smtp is isolated until it is released\n' });
    expect(isolated.stderr).toContain('nothing called smtp has opened lately');
    expect(held).toMatchObject({ phase: 'isolated', why: 'moving house' });
    expect(held?.until).toBeUndefined();
    expect(released).toMatchObject({ code: 0, stdout: 'smtp is released; its calls come back by and by\n' });
    expect(await state()).toMatchObject({ phase: 'closed', reason: 'released', why: 'moved' });
    expect(await audit()).toMatchObject([
      { what: 'breaker.isolate', breaker: 'smtp', why: 'moving house', details: '{"before":"closed"}' },
      { what: 'breaker.release', breaker: 'smtp', why: 'moved', details: '{"before":"isolated"}' },
    ]);
  });

  it('take the longest name that a breaker may have', async () => {
    const name = `${'d'.repeat(100)}/${'k'.repeat(200)}`;

    expect((await cli('breaker', 'isolate', name, '--why', 'moving house')).code).toBe(0);
    expect(await state(name)).toMatchObject({ phase: 'isolated' });
  });

  it('ends an isolation by itself after the time that was said', async () => {
    const { document } = await cliJson<{ breaker: BreakerState }>(
      ...['breaker', 'isolate', 'smtp', '--why', 'moving', '--for', '10m'],
    );

    const { since = 0, until = 0 } = document.breaker;
    expect(until - since).toBe(600_000);
  });

  it('change nothing when they are only tried', async () => {
    await trip();
    const before = await state();

    const isolated = await cli('breaker', 'isolate', 'smtp', '--why', 'moving', '--dry-run');
    const released = await cli('breaker', 'release', 'smtp', '--why', 'mended', '--dry-run');

    expect(isolated).toMatchObject({ code: 0, stdout: 'would isolate smtp until it is released; it is open\n' });
    expect(released).toMatchObject({ code: 0, stdout: 'would release smtp, which is open\n' });
    expect(await state()).toEqual(before);
    expect(await audit()).toEqual([]);
  });

  it('has nothing to release where the breaker is closed, and exits with 1', async () => {
    const { code, stdout } = await cli('breaker', 'release', 'smtp', '--why', 'mended');

    expect({ code, stdout }).toEqual({ code: 1, stdout: 'nothing to release: smtp is closed\n' });
    expect(await audit()).toEqual([]);
  });

  it.each([
    ['without a reason', ['smtp']],
    ['with an empty one', ['smtp', '--why', ' ']],
    ['with a name that no breaker has', ['x'.repeat(302), '--why', 'moving']],
  ])('is wrong use %s', async (_what, argv) => {
    expect((await cli('breaker', 'isolate', ...argv)).code).toBe(2);
    expect(await audit()).toEqual([]);
  });
});

describe('what else tells of breakers', () => {
  it('status shows those that are not closed', async () => {
    expect((await cli('status')).stdout).not.toContain('Breakers');
    await trip();

    expect((await cli('status')).stdout).toMatch(/^Breakers +1 is not closed/m);
  });

  it('job show and job trace explain what holds a job', async () => {
    await park('email');
    await store().isolate('smtp', { by: 'ada', why: 'moving' });

    const shown = await cli('job', 'show', 'job-1');
    const traced = await cli('job', 'trace', 'job-1');

    expect(shown.stdout).toMatch(
      /^set aside +breaker:smtp: that breaker is isolated for \S+ \(by ada: moving\), until it is released$/m,
    );
    expect(traced.stdout).toMatch(/^next +it comes back as the breaker smtp lets calls through; else in /m);
    expect(traced.stdout).toMatch(
      /^ +but the breaker smtp is isolated for \S+ \(by ada: moving\), until it is released: `bulwark breaker show smtp`$/m,
    );
  });
});
