import { afterEach, describe, expect, it } from 'vitest';
import { PeriodicService, type PeriodicServiceOptions } from '../../../src/service/periodic-service.js';
import { recordingLog } from './recording-log.js';

const services: PeriodicService[] = [];

afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});

/** A service that counts its runs and lets a test wait for the nth of them. */
function countingService(options: Partial<PeriodicServiceOptions> = {}) {
  const { log, lines } = recordingLog();
  const waiting = new Map<number, () => void>();
  const counted = { runs: 0, running: 0, mostAtOnce: 0 };
  const service = new PeriodicService({
    name: 'test-service',
    intervalMs: 2,
    log,
    ...options,
    run: async (signal) => {
      counted.runs += 1;
      counted.running += 1;
      counted.mostAtOnce = Math.max(counted.mostAtOnce, counted.running);
      waiting.get(counted.runs)?.();
      try {
        await options.run?.(signal);
      } finally {
        counted.running -= 1;
      }
    },
  });
  services.push(service);
  const ran = (times: number): Promise<void> =>
    counted.runs >= times ? Promise.resolve() : new Promise((resolve) => waiting.set(times, resolve));
  return { service, counted, lines, ran };
}

describe('PeriodicService', () => {
  it('runs at once and then again and again', async () => {
    const { service, ran, counted } = countingService();

    service.start();

    expect(counted.runs).toBe(1);
    await ran(3);
  });

  it('runs without a pause when it is woken, also while it runs', async () => {
    const { service, ran } = countingService({
      intervalMs: 60_000,
      run: async () => {
        if (!woken) service.wake();
        woken = true;
      },
    });
    let woken = false;

    service.start();
    await ran(2);
    service.wake();

    await ran(3);
  });

  it('never runs twice at the same time, started twice or not', async () => {
    const { service, ran, counted } = countingService({ run: () => new Promise((resolve) => setTimeout(resolve, 3)) });

    service.start();
    service.start();
    await ran(4);

    expect(counted.mostAtOnce).toBe(1);
  });

  it('stops at once while it waits for its next run', async () => {
    const { service, ran, counted } = countingService({ intervalMs: 60_000 });
    service.start();
    await ran(1);

    await service.stop();

    expect(counted).toMatchObject({ runs: 1, running: 0 });
  });

  it('tells the run under way that it stops, and has stopped only when that run has ended', async () => {
    const { service, counted } = countingService({
      run: (signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => setTimeout(resolve, 5), { once: true })),
    });
    service.start();

    const stopped = service.stop();

    expect(counted.running).toBe(1);
    await stopped;
    expect(counted).toMatchObject({ runs: 1, running: 0 });
  });

  it('does not count a run that its own stop made fail', async () => {
    const results: string[] = [];
    const { service, lines } = countingService({
      run: (signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      onRun: (result) => results.push(result),
    });
    service.start();

    await service.stop();

    expect(results).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('can be stopped without a start, and twice', async () => {
    const { service, counted } = countingService();

    await service.stop();
    service.start();
    await Promise.all([service.stop(), service.stop()]);

    expect(counted.running).toBe(0);
  });

  it('runs again when it is started after a stop', async () => {
    const { service, ran } = countingService();
    service.start();
    await ran(1);
    await service.stop();

    service.start();

    await ran(3);
  });

  it('goes on after failed runs and says so once, and once more when it recovers', async () => {
    let failures = 3;
    const { service, ran, lines } = countingService({
      run: async () => {
        if (failures-- > 0) throw new Error('no answer');
      },
    });

    service.start();
    await ran(6);

    expect(lines).toEqual(['warn service.failed: no answer', 'info service.recovered']);
  });

  it.each<[string, () => Promise<void>]>([
    [
      'throws before it returns a promise',
      () => {
        throw new Error('at once');
      },
    ],
    ['throws what is no error and cannot be shown', () => Promise.reject(Object.create(null))],
  ])('goes on after a run that %s', async (_what, run) => {
    const { service, ran } = countingService({ run });

    service.start();

    await ran(2);
  });

  it('tells of every run how it went and how long it took', async () => {
    const told: string[] = [];
    let fails = true;
    const { service, ran } = countingService({
      run: async () => {
        fails = !fails;
        if (fails) throw new Error('every other time');
      },
      onRun: (result, durationMs) => told.push(`${result} ${durationMs >= 0 && durationMs < 1_000}`),
    });

    service.start();
    await ran(4);

    expect(told.slice(0, 3)).toEqual(['ok true', 'error true', 'ok true']);
  });

  it('leaves nothing running after many starts and stops', async () => {
    const { service, counted } = countingService({ intervalMs: 1 });

    for (let i = 0; i < 50; i++) {
      service.start();
      if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      await service.stop();
      expect(counted.running).toBe(0);
    }

    expect(counted.mostAtOnce).toBe(1);
  });
});
