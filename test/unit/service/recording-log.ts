import { type Logger, pino } from 'pino';

export interface RecordingLog {
  readonly log: Logger;
  /** Every line so far: level and event. */
  readonly lines: readonly string[];
}

/** A logger that keeps what it was told. */
export function recordingLog(): RecordingLog {
  const lines: string[] = [];
  const write = (line: string): void => {
    const { level, msg } = JSON.parse(line) as { readonly level: string; readonly msg: string };
    lines.push(`${level} ${msg}`);
  };
  return { log: pino({ level: 'debug', formatters: { level: (label) => ({ level: label }) } }, { write }), lines };
}
