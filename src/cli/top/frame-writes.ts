import type { Line } from './line.js';

const sequence = '\u001b[';

/**
 * Between these two a terminal shows nothing, and then everything at once. One that does not know them ignores them, as it does every private
 * mode that it does not know; to ask first would make older ones print the question.
 */
const holdShowing = `${sequence}?2026h`;
const showAll = `${sequence}?2026l`;
const clearToEndOfLine = `${sequence}K`;
const clearBelow = `${sequence}J`;

/** What is on a screen, and how large that is. */
export interface Shown {
  readonly lines: readonly Line[];
  readonly columns: number;
  readonly rows: number;
}

/**
 * What to write so that a screen shows other lines: only those that changed, and nothing when none did. Without knowing what is there,
 * because somebody else wrote to the screen or its size changed, all of them. The screen is never cleared first, which would flicker. Pure.
 *
 * The terminal must not wrap lines, and there must not be more of them than it has.
 */
export function frameWrites(before: Shown | undefined, after: Shown): string {
  const changes: string[] = [];
  for (const [row, line] of after.lines.entries()) {
    if (before === undefined || before.lines[row]?.text !== line.text) {
      // On the last column the cursor stays on what was written there, and clearing would take it away.
      const rest = line.width < after.columns ? clearToEndOfLine : '';
      changes.push(`${to(row)}${line.text}${rest}`);
    }
  }
  const end = after.lines.length;
  // Beyond the last row is the last row.
  if (end < after.rows && (before === undefined || before.lines.length > end)) changes.push(`${to(end)}${clearBelow}`);
  return changes.length === 0 ? '' : `${holdShowing}${changes.join('')}${showAll}`;
}

/** To the first column of a row, counted from 0. */
function to(row: number): string {
  return `${sequence}${row + 1};1H`;
}
