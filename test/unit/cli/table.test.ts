import { expect, it } from 'vitest';
import { renderTable } from '../../../src/cli/table.js';

const plain = (_format: unknown, text: string): string => text;

it('stands columns under their titles, numbers to the right, and no line around them', () => {
  const table = renderTable(
    [
      { title: 'QUEUE', value: ({ name }: { name: string; waiting: number }) => name },
      { title: 'WAITING', align: 'right', value: ({ waiting }) => String(waiting) },
    ],
    [
      { name: 'email', waiting: 7 },
      { name: 'documents', waiting: 12_345 },
    ],
    plain,
  );

  expect(table).toBe('QUEUE      WAITING\nemail            7\ndocuments    12345');
});

it('keeps a cell on its line and away from the terminal', () => {
  const table = renderTable(
    [{ title: 'ERROR', value: (text: string) => text }],
    ['two\nlines \u001b[2Jand a trick\u0007'],
    plain,
  );

  expect(table).toBe('ERROR\ntwo lines and a trick');
});
