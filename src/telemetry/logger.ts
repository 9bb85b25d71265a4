import { createRequire } from 'node:module';
import { type DestinationStream, type LevelWithSilent, type Logger, pino, stdTimeFunctions } from 'pino';
import { serializeError } from './error-serializer.js';
import { LineSink } from './line-sink.js';
import { withoutSecrets } from './redaction.js';
import type { Role } from './role.js';
import type { TraceIds } from './tracing/context.js';
import { markTold, tellTrace } from './tracing/log-mixin.js';
import { bulwarkVersion } from './version.js';

/** `json` for machines, `pretty` for eyes, `auto` for pretty on a terminal and JSON anywhere else. */
export type LogFormat = 'auto' | 'json' | 'pretty';

/** Where log lines go; a terminal says so by `isTTY`. */
type LogStream = DestinationStream & { readonly isTTY?: boolean };

export interface LoggerOptions {
  readonly level: LevelWithSilent;
  readonly format: LogFormat;
  readonly role: Role;
  /** @defaultValue standard output */
  readonly stream?: LogStream;
}

/**
 * Creates the logger of a process: one JSON object a line with `level`, `time`, `service`, `role`, `version`, `pid`, the
 * fields of the call and `msg`, the event's dotted name.
 *
 * Lines are written at once and in this thread: the last words of a process that dies are the ones worth having.
 */
export function createLogger({ level, format, role, stream: out = new LineSink(1) }: LoggerOptions): Logger {
  const onTerminal = out.isTTY === true;
  const pretty = format === 'pretty' || (format === 'auto' && onTerminal);
  const log = pino(
    {
      level,
      base: { service: 'bulwark', role, version: bulwarkVersion, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: withoutSecrets },
      serializers: { err: serializeError },
      mixin: tellTrace,
    },
    pretty ? prettyStream(onTerminal, out) : out,
  );
  hideSecretsOfChildren(log);
  if (out instanceof LineSink) out.onLoss = (lines) => log.warn({ lines }, 'log.lines_lost');
  return log;
}

/**
 * Hides secrets in what a child logger is born with, once and not in every line: pino shows its formatters only the fields
 * of a line. Children inherit the methods of their parent, so grandchildren are covered too.
 */
function hideSecretsOfChildren(log: Logger): void {
  const { child, setBindings } = log;
  log.child = function (this: Logger, bindings, options) {
    return child.call(this, bindings && withoutSecrets(bindings), options);
  } as Logger['child'];
  log.setBindings = function (this: Logger, bindings) {
    setBindings.call(this, withoutSecrets(bindings));
  };
}

/** What every line about one attempt says. */
export interface JobLogFields {
  readonly jobId: string;
  readonly queue: string;
  readonly kind: string;
  readonly attempt: number;
}

/** The logger of one attempt, with what is known of its trace. */
export function jobLogger(log: Logger, fields: JobLogFields, trace: Partial<TraceIds> | undefined): Logger {
  if (trace === undefined) return log.child(fields);
  return markTold(log.child({ ...fields, ...trace }));
}

/**
 * Formats each line in this thread, for the same reason. pino-pretty is loaded only for whoever reads on a terminal: it
 * costs a worker that nobody watches time at start and some megabytes.
 */
function prettyStream(colorize: boolean, out: DestinationStream): DestinationStream {
  const load = createRequire(import.meta.url);
  const { prettyFactory }: typeof import('pino-pretty') = load('pino-pretty');
  const prettify = prettyFactory({
    colorize,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'service,role,version,pid',
    messageFormat: '{role} {msg}',
  });
  return { write: (line) => out.write(prettify(line)) };
}
