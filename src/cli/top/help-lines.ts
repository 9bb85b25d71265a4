import type { Paint } from '../output.js';
import { emptyLine, type Line, lineOf } from './line.js';

const words: readonly (readonly [string, string])[] = [
  ['q, Ctrl-C', 'quit'],
  ['p, space', 'pause: Redis is not asked any more'],
  ['s', 'sort queues: urgent, name, waiting, rate'],
  ['/', 'show only queues whose name holds a text; Esc shows all'],
  ['Ctrl-L', 'draw everything anew'],
  ['?', 'this page, and back'],
  ['', ''],
  ['WAITING', 'could run now; DELAYED are due later, or set aside'],
  ['OLDEST', 'how long the oldest of them has waited; ! is longer than its SLO'],
  ['IN/S, OUT/S', 'jobs a second that came and that left for good, of the last seconds'],
  ['GIVES WAY', 'the part of what arrives that is shed; shut, full, or back to a part of its slots'],
  ['BUSY', 'running jobs, and the slots that may be used now'],
  ['LOOP', 'longest time the event loop was held up between two beats'],
  ['LONGEST', 'what has been running longest'],
];

/** What the keys do and the columns say. */
export function helpLines(columns: number, paint: Paint): Line[] {
  return [
    emptyLine,
    ...words.map(([key, what]) => lineOf([{ text: key.padEnd(13), format: 'bold' }, { text: what }], columns, paint)),
  ];
}
