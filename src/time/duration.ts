declare const unit: unique symbol;

/** A length of time in milliseconds. Inside Bulwark every duration is one of these and its name ends in `Ms`. */
export type DurationMs = number & { readonly [unit]: 'duration' };

/** A moment in milliseconds since the Unix epoch. */
export type EpochMs = number & { readonly [unit]: 'epoch' };

/** The longest a timer of Node can wait: it counts in 32 bits, and one that is given more fires at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** How users write a length of time: milliseconds, or a number with a unit: `'250ms'`, `'30s'`, `'5m'`, `'1h'`, `'7d'`. */
export type DurationInput = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const durationPattern = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/;

/**
 * Reads a duration as users write it.
 *
 * @throws RangeError when the input is neither a finite number of milliseconds at or above zero nor a number with a unit.
 */
export function parseDuration(input: number | string): DurationMs {
  const ms = typeof input === 'number' ? input : millisecondsOf(input.trim());
  if (Number.isFinite(ms) && ms >= 0) return Math.round(ms) as DurationMs;
  throw new RangeError(
    `expected a duration such as 1500 (milliseconds), '30s', '5m' or '1h', got ${JSON.stringify(input)}`,
  );
}

function millisecondsOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const [, number, name] = durationPattern.exec(text) ?? [];
  return Number(number) * (unitMs[name ?? ''] ?? Number.NaN);
}

/** Writes a duration for people: the largest unit that divides it evenly, else one decimal: `'30s'`, `'1.5s'`, `'250ms'`. */
export function formatDuration(ms: number): string {
  for (const [name, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (ms >= size) return ms % size === 0 ? `${ms / size}${name}` : `${(ms / size).toFixed(1)}${name}`;
  }
  return `${Math.round(ms)}ms`;
}
