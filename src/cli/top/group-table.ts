import type { Paint } from '../output.js';
import { fitTable } from './fit-table.js';
import type { Line } from './line.js';
import type { TopGroup } from './picture.js';

/** How many workers each group wants and has. */
export function groupTable(groups: readonly TopGroup[], title: string, width: number, paint: Paint): Line[] {
  return fitTable<TopGroup>(
    [
      { title, rank: 0, atLeast: 10, value: ({ group }) => group },
      {
        title: 'WANTED',
        rank: 0,
        align: 'right',
        value: ({ desired }) => String(desired),
        format: ({ desired, current }) => (desired > current ? 'yellow' : undefined),
      },
      { title: 'WORKERS', rank: 0, align: 'right', value: ({ current }) => String(current) },
      { title: 'WHY', rank: 1, atLeast: 10, value: ({ why }) => why },
    ],
    groups,
    width,
    paint,
  );
}
