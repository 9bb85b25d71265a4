import type { Logger } from 'pino';
import { idsOf, type TraceIds } from './context.js';
import { followedSpan } from './followed-contexts.js';
import { isTracing } from './tracer.js';

/** On loggers whose lines name their trace from birth, and on their children, which inherit it. */
const told = Symbol('trace is told');

/** Says that the lines of a logger name their trace already: a line that named two would not be JSON to everybody. */
export function markTold(log: Logger): Logger {
  return Object.assign(log, { [told]: true });
}

/** What pino adds to each line: the span that is active when it is written. A new object each time, because pino writes the line's fields into it. */
export function tellTrace(_fields: object, _level: number, log: object): TraceIds | object {
  if (!isTracing() || told in log) return {};
  return idsOf(followedSpan()) ?? {};
}
