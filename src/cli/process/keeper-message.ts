import type { ReadyReport } from './ready-report.js';

/** What a child tells its keeper over their channel. */
export interface ReadyMessage {
  readonly bulwark: 'ready';
  readonly report: ReadyReport;
}

/** What a child tells when it begins to drain, whoever asked it to: its end will be no crash. */
export interface StoppingMessage {
  readonly bulwark: 'stopping';
}

/** What the keeper tells a child: drain and end. */
export interface StopMessage {
  readonly bulwark: 'stop';
}

/** Reads a message of a child; undefined for any other: handlers may write to the channel, too. */
export function parseReadyMessage(message: unknown): ReadyReport | undefined {
  const { bulwark, report } = Object(message) as Partial<ReadyMessage>;
  return bulwark === 'ready' && typeof report === 'object' ? report : undefined;
}

export function isStopMessage(message: unknown): message is StopMessage {
  return (Object(message) as Partial<StopMessage>).bulwark === 'stop';
}

export function isStoppingMessage(message: unknown): message is StoppingMessage {
  return (Object(message) as Partial<StoppingMessage>).bulwark === 'stopping';
}
