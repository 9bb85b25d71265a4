import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/errors/codes.js';

const root = join(import.meta.dirname, '../..');
const known = [...errorCodes].sort();

/** The cells of every row of the table of codes. */
function rows(): string[][] {
  const page = readFileSync(join(root, 'docs/reference/errors.md'), 'utf8');
  return page
    .split('\n')
    .filter((line) => line.startsWith('| `BULWARK_'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('docs/reference/errors.md', () => {
  it('has a row for every code, and no other', () => {
    expect(
      rows()
        .map(([code]) => code?.replaceAll('`', ''))
        .sort(),
    ).toEqual(known);
  });

  it('says of every code when it comes, what to do and where to look', () => {
    for (const cells of rows()) {
      expect(cells, cells[0]).toHaveLength(4);
      for (const cell of cells) expect(cell, cells[0]).not.toBe('');
    }
  });
});

it('every code belongs to an error in the sources, and every error has a listed code', () => {
  const texts = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, 'src', file), 'utf8'));

  const used = texts.flatMap((text) =>
    [...text.matchAll(/readonly code = '(BULWARK_\w+)'/g)].map(([, code]) => code ?? ''),
  );

  expect([...new Set(used)].sort()).toEqual(known);
});
