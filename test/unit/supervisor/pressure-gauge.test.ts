import { describe, expect, it } from 'vitest';
import type { Pressure } from '../../../src/shedding/pressure.js';
import { PressureGauge, type PressureGaugeOptions } from '../../../src/supervisor/pressure-gauge.js';
import type { EpochMs } from '../../../src/time/duration.js';

interface World {
  readonly info?: string;
  readonly loopDelaysMs?: readonly number[];
  readonly answersInMs?: number;
}

function gauge({ info = '', loopDelaysMs = [], answersInMs = 0 }: World): PressureGauge {
  let elapsed = 0;
  const client = {
    info: async () => {
      elapsed += answersInMs;
      return info;
    },
  };
  const fleet = {
    ids: async () => loopDelaysMs.map((_, n) => `worker-${n}`),
    beatsOf: async (ids: readonly string[]) => ids.map((_, n) => ({ loopDelayMs: loopDelaysMs[n] })),
  };
  const clock = { now: () => 0 as EpochMs, elapsed: () => elapsed };
  return new PressureGauge({ client, fleet, clock, tell: () => undefined } as unknown as PressureGaugeOptions);
}

/** Looks so often, which is enough to tell. */
async function measured(gauged: PressureGauge, looks = 5): Promise<Pressure> {
  for (let look = 1; look < looks; look++) await gauged.measure();
  return gauged.measure();
}

describe('PressureGauge', () => {
  it('knows nothing of the memory of a Redis without a limit', async () => {
    expect(await gauge({ info: 'used_memory:500\r\nmaxmemory:0\r\n' }).measure()).toMatchObject({
      memoryRatio: undefined,
    });
  });

  it('measures memory, answers and event loops', async () => {
    const world = { info: 'used_memory:500\r\nmaxmemory:1000\r\n', loopDelaysMs: [900, 10, 20], answersInMs: 7 };

    expect(await measured(gauge(world))).toEqual({ memoryRatio: 0.5, loopDelayMs: 20, redisLatencyMs: 7 });
  });

  it('says nothing of answers and event loops before it has looked five times, as whoever has just started is slow', async () => {
    const world = { info: 'used_memory:500\r\nmaxmemory:1000\r\n', loopDelaysMs: [900], answersInMs: 400 };

    expect(await measured(gauge(world), 4)).toEqual({
      memoryRatio: 0.5,
      loopDelayMs: undefined,
      redisLatencyMs: undefined,
    });
  });

  it('keeps what it measured last', async () => {
    const measuring = gauge({ info: 'used_memory:500\r\nmaxmemory:1000\r\n' });
    const before = measuring.last;

    const now = await measuring.measure();

    expect(before).toBeUndefined();
    expect(measuring.last).toEqual(now);
  });

  it('does not mind what was slow once', async () => {
    const delays = [10];
    const gauged = gauge({ loopDelaysMs: delays });
    await measured(gauged, 4);
    delays[0] = 900;

    expect(await gauged.measure()).toMatchObject({ loopDelayMs: 10 });
  });

  it('knows nothing of event loops where there is no worker', async () => {
    expect(await measured(gauge({}))).toMatchObject({ loopDelayMs: undefined });
  });
});
