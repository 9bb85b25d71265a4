import type { Format, Paint } from '../output.js';
import { cut, type Line, lineOf, plain, type Span, widthOf } from './line.js';

export interface FittedColumn<R> {
  readonly title: string;
  readonly value: (row: R) => string;
  readonly align?: 'left' | 'right';
  readonly format?: (row: R) => Format | undefined;
  /** Where there is no room, columns of the highest number go first; those of 0 stay. */
  readonly rank: number;
  /** Texts that may be cut down to so many columns. */
  readonly atLeast?: number;
}

const gap = 2;

/**
 * A table that is never wider than the screen: first texts that may be cut are, then columns go that matter least. The first line holds the
 * titles. Pure.
 */
export function fitTable<R>(
  columns: readonly FittedColumn<R>[],
  rows: readonly R[],
  width: number,
  paint: Paint,
): Line[] {
  const measured = columns.map((column) => {
    const texts = rows.map((row) => plain(column.value(row)));
    const natural = Math.max(widthOf(column.title), ...texts.map(widthOf));
    return { column, texts, natural, least: Math.min(natural, column.atLeast ?? natural) };
  });
  const kept = dropColumns(measured, width);
  const widths = shareWidth(kept, width);
  const lineAt = (spanOf: (index: number, room: number) => Span): Line =>
    lineOf(
      kept.flatMap((_, index) => spaced(spanOf(index, widths[index] ?? 0), index, kept, widths)),
      width,
      paint,
    );
  return [
    lineAt((index) => ({ text: kept[index]?.column.title ?? '', format: 'dim' })),
    ...rows.map((row, at) =>
      lineAt((index, room) => ({
        text: cut(kept[index]?.texts[at] ?? '', room),
        format: kept[index]?.column.format?.(row),
      })),
    ),
  ];
}

interface Measured<R> {
  readonly column: FittedColumn<R>;
  readonly texts: readonly string[];
  readonly natural: number;
  readonly least: number;
}

function dropColumns<R>(measured: readonly Measured<R>[], width: number): readonly Measured<R>[] {
  let kept = measured;
  while (totalOf(kept.map(({ least }) => least)) > width) {
    const highest = Math.max(...kept.map(({ column }) => column.rank));
    if (highest === 0) break;
    const goes = kept.findLastIndex(({ column }) => column.rank === highest);
    kept = kept.filter((_, index) => index !== goes);
  }
  return kept;
}

/** Gives each column what it needs, and then what it would like, from left to right. */
function shareWidth<R>(kept: readonly Measured<R>[], width: number): number[] {
  let spare = width - totalOf(kept.map(({ least }) => least));
  return kept.map(({ natural, least }) => {
    const more = Math.max(0, Math.min(natural - least, spare));
    spare -= more;
    return least + more;
  });
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + gap * Math.max(0, widths.length - 1);
}

/** A cell with the room around it; nothing follows the last one. */
function spaced<R>(span: Span, index: number, kept: readonly Measured<R>[], widths: readonly number[]): Span[] {
  const room = ' '.repeat(Math.max(0, (widths[index] ?? 0) - widthOf(span.text)));
  const isLast = index === kept.length - 1;
  const between = { text: isLast ? '' : ' '.repeat(gap) };
  if (kept[index]?.column.align === 'right') return [{ text: room }, span, between];
  return isLast ? [span] : [span, { text: room }, between];
}
