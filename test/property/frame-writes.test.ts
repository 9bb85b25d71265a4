import fc from 'fast-check';
import { expect, it } from 'vitest';
import { frameWrites } from '../../src/cli/top/frame-writes.js';
import { lineOf } from '../../src/cli/top/line.js';
import { TerminalScreen } from '../support/terminal-screen.js';

const plain = (_format: unknown, text: string): string => text;
const size = fc.record({ columns: fc.integer({ min: 1, max: 12 }), rows: fc.integer({ min: 1, max: 6 }) });
const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', ' ', '…', 'é'), maxLength: 14 }), { maxLength: 6 });

/** What is wanted on the screen: no wider and no longer than it. */
const framed = (words: readonly string[], { columns, rows }: { columns: number; rows: number }) => ({
  lines: words.slice(0, rows).map((text) => lineOf([{ text }], columns, plain)),
  columns,
  rows,
});

it('turns any screen into any other, whatever was there', () => {
  fc.assert(
    fc.property(size, texts, texts, texts, (room, dirt, before, after) => {
      const screen = new TerminalScreen(room.columns, room.rows);
      screen.write(frameWrites(undefined, framed(dirt, room)));

      screen.write(frameWrites(undefined, framed(before, room)));
      screen.write(frameWrites(framed(before, room), framed(after, room)));

      const wanted = framed(after, room).lines.map(({ text }) => text.trimEnd());
      const blank = Array.from({ length: room.rows - wanted.length }, () => '');
      expect(screen.lines).toEqual([...wanted, ...blank]);
    }),
  );
});

it('writes nothing when nothing changed, and of one changed line only that line', () => {
  const room = { columns: 12, rows: 6 };
  const before = framed(['one', 'two', 'three'], room);

  expect(frameWrites(before, framed(['one', 'two', 'three'], room))).toBe('');
  expect(frameWrites(before, framed(['one', '2', 'three'], room))).toBe(
    '\u001b[?2026h\u001b[2;1H2\u001b[K\u001b[?2026l',
  );
});
