import { afterEach, describe, expect, it, vi } from 'vitest';
import { Readiness } from '../../../src/telemetry/health.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('Readiness', () => {
  it('is ready when every check holds, and repeats what they say', async () => {
    const readiness = new Readiness({ redis: async () => 'answered in 2 ms', leader: async () => undefined });

    expect(await readiness.report()).toEqual({
      status: 'ready',
      checks: { redis: { ok: true, detail: 'answered in 2 ms' }, leader: { ok: true, detail: 'ok' } },
    });
  });

  it('is not ready when one check throws, and says why without a secret', async () => {
    const readiness = new Readiness({
      redis: () => Promise.reject(new Error('no route to redis://u:hunter2@redis')),
      leader: async () => undefined,
    });

    expect(await readiness.report()).toEqual({
      status: 'not_ready',
      checks: {
        redis: { ok: false, detail: 'no route to redis://u:[redacted]@redis' },
        leader: { ok: true, detail: 'ok' },
      },
    });
  });

  it('is draining once told so, whatever the checks say', async () => {
    const readiness = new Readiness({ redis: async () => undefined });

    readiness.drain();

    expect((await readiness.report()).status).toBe('draining');
  });

  it('reports a check that hangs as late after a second, and does not ask it again meanwhile', async () => {
    vi.useFakeTimers();
    const check = vi.fn(() => new Promise<undefined>(() => undefined));
    const readiness = new Readiness({ redis: check });

    const reports = Promise.all([readiness.report(), readiness.report()]);
    await vi.advanceTimersByTimeAsync(1_000);

    const late = { status: 'not_ready', checks: { redis: { ok: false, detail: 'no answer within 1000 ms' } } };
    expect(await reports).toEqual([late, late]);
    expect(check).toHaveBeenCalledTimes(1);
  });

  it('asks again once a check has answered', async () => {
    const redis = vi.fn().mockRejectedValueOnce(new Error('down')).mockResolvedValueOnce('up');
    const readiness = new Readiness({ redis });

    const first = await readiness.report();
    const second = await readiness.report();

    expect([first.status, second.status]).toEqual(['not_ready', 'ready']);
  });
});
