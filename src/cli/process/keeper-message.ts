import type { ReadyReport } from './ready-report.js';

/** What a child tells its keeper over their channel. */
export type ChildMessage = ReadyMessage | StoppingMessage | ReplaceMessage;

/** It runs. */
interface ReadyMessage {
  readonly bulwark: 'ready';
  readonly report: ReadyReport;
}

/** It drains, whoever asked it to: its end will be no crash. */
interface StoppingMessage {
  readonly bulwark: 'stopping';
  /** Whether its place is to stay empty. */
  readonly forGood: boolean;
}

/** It should make room for a new process, which could do better. It goes on until it is told to stop. */
interface ReplaceMessage {
  readonly bulwark: 'replace';
  readonly reason: string;
}

/** What the keeper tells a child. */
export type KeeperMessage = StopMessage | RetireMessage;

/** Take no more jobs, and end after the last one, however long that takes. */
interface RetireMessage {
  readonly bulwark: 'retire';
}

/** Drain and end. */
interface StopMessage {
  readonly bulwark: 'stop';
  /** Whether its successor already runs and waits for its port. */
  readonly handOver: boolean;
}

/** A reason is a word or a sentence, not a report. */
const longestReason = 200;

interface Fields {
  readonly bulwark: unknown;
  readonly report: ReadyReport;
  readonly reason: unknown;
  readonly forGood: unknown;
}

/** Reads a message of a child; undefined for any other: handlers may write to the channel, too. */
export function parseChildMessage(message: unknown): ChildMessage | undefined {
  const { bulwark, report, reason, forGood } = Object(message) as Partial<Fields>;
  if (bulwark === 'ready' && typeof report === 'object' && report !== null) return { bulwark, report };
  if (bulwark === 'stopping') return { bulwark, forGood: forGood === true };
  if (bulwark === 'replace' && typeof reason === 'string') return { bulwark, reason: reason.slice(0, longestReason) };
  return undefined;
}

/** Reads a message of the keeper; undefined for any other. */
export function parseKeeperMessage(message: unknown): KeeperMessage | undefined {
  const { bulwark, handOver } = Object(message) as Partial<Record<'bulwark' | 'handOver', unknown>>;
  if (bulwark === 'stop') return { bulwark, handOver: handOver === true };
  return bulwark === 'retire' ? { bulwark } : undefined;
}
