import CliTable from 'cli-table3';
import type { Format, Paint } from './output.js';
import { printable } from './wording.js';

export interface Column<R> {
  readonly title: string;
  readonly value: (row: R) => string;
  /** Numbers stand to the right, under each other. */
  readonly align?: 'left' | 'right';
  /** How the cell is marked. */
  readonly format?: (row: R) => Format | undefined;
}

const noBorders = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((name) => [name, '']),
);

/** Rows under titles, without lines around them: easy to read, and to cut with other tools. */
export function renderTable<R>(columns: readonly Column<R>[], rows: readonly R[], paint: Paint): string {
  const table = new CliTable({
    chars: noBorders,
    head: columns.map(({ title }) => paint('dim', title)),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [] },
  });
  table.push(...rows.map((row) => columns.map((column) => renderCell(column, row, paint))));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A cell must not break its row, nor play with the terminal: what stands in it may come from a job. */
function renderCell<R>({ value, format }: Column<R>, row: R, paint: Paint): string {
  const text = printable(value(row)).replace(/\s+/g, ' ');
  const mark = format?.(row);
  return mark === undefined ? text : paint(mark, text);
}
