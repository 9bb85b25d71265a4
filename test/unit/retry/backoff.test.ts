import { describe, expect, it } from 'vitest';
import type { RetryPolicy } from '../../../src/job/define-job.js';
import type { ErrorVerdict } from '../../../src/job/error-verdict.js';
import { backoffDelayMs } from '../../../src/retry/backoff.js';

const transient: ErrorVerdict = { class: 'transient' };
const throttled: ErrorVerdict = { class: 'throttled' };

function policy(baseMs: number, capMs: number): RetryPolicy {
  return { attempts: 8, baseMs, capMs } as RetryPolicy;
}

describe('backoffDelayMs', () => {
  it.each<[number, number, number]>([
    [1, 100, 1_000],
    [2, 100, 2_000],
    [3, 100, 4_000],
    [7, 100, 60_000],
    [1_000, 100, 60_000],
  ])('after failure %d is between %d and %d ms', (failures, least, most) => {
    const pauses = [0, 0.5, 1].map((random) => backoffDelayMs(failures, transient, policy(1_000, 60_000), random));

    expect(pauses).toEqual([least, (least + most) / 2, most]);
  });

  it('is never shorter than a tenth of a second, whatever the policy', () => {
    expect(backoffDelayMs(1, transient, policy(0, 0), 0.9)).toBe(100);
    expect(backoffDelayMs(3, transient, policy(1, 50), 0.9)).toBe(100);
  });

  it.each<[number, number, number]>([
    [1, 2_500, 5_000],
    [2, 5_000, 10_000],
    [20, 450_000, 900_000],
  ])('after throttled call %d is between %d and %d ms', (failures, least, most) => {
    const pauses = [0, 1].map((random) => backoffDelayMs(failures, throttled, policy(100, 1_000), random));

    expect(pauses).toEqual([least, most]);
  });

  it('keeps to a longer base and cap of the kind when throttled', () => {
    expect(backoffDelayMs(1, throttled, policy(60_000, 3_600_000), 1)).toBe(60_000);
    expect(backoffDelayMs(20, throttled, policy(60_000, 3_600_000), 1)).toBe(3_600_000);
  });

  it.each<[ErrorVerdict['class'], number, number]>([
    ['throttled', 0, 60_000],
    ['throttled', 1, 66_000],
    ['transient', 0, 60_000],
  ])('waits as long as a %s call was asked to, plus up to a tenth: random %d', (errorClass, random, expected) => {
    expect(backoffDelayMs(1, { class: errorClass, retryAfterMs: 60_000 }, policy(1_000, 10_000), random)).toBe(
      expected,
    );
  });

  it('does not get shorter by being asked for less', () => {
    expect(backoffDelayMs(3, { class: 'throttled', retryAfterMs: 1 }, policy(1_000, 60_000), 0)).toBe(10_000);
  });
});
