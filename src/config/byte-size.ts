/** How users write a size: bytes, or a number with a unit: `'512B'`, `'64KiB'`, `'1MiB'`, `'1GiB'`. */
export type ByteSizeInput = number | `${number}${'B' | 'KiB' | 'MiB' | 'GiB'}`;

const unitBytes: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
const sizePattern = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB)$/;

/**
 * Reads a size as users write it. Only binary units: whether a `'1MB'` has 1,000,000 bytes or 1,048,576 is a question nobody
 * should have to ask of a limit.
 *
 * @throws RangeError when the input is neither a whole number of bytes at or above zero nor a number with a binary unit.
 */
export function parseByteSize(input: number | string): number {
  if (typeof input === 'number') {
    if (Number.isSafeInteger(input) && input >= 0) return input;
  } else {
    const match = sizePattern.exec(input.trim());
    if (match) return Math.round(Number(match[1]) * (unitBytes[match[2] ?? ''] ?? Number.NaN));
    if (/^\d+$/.test(input.trim())) return Number(input);
  }
  throw new RangeError(`expected a size such as 4096 (bytes), '64KiB' or '1MiB', got ${JSON.stringify(input)}`);
}

/** Writes a size with the largest unit that divides it evenly: `'1MiB'`, `'1536KiB'`, `'1000B'`. */
export function formatByteSize(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB']) {
    const size = unitBytes[unit] ?? 1;
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}
