import type { Redis } from 'ioredis';

/** What a client is made of: plain values, so that they can be handed to a thread. */
export interface ClientSettings {
  readonly url: string;
  /** `host:port` of each sentinel; with them the host and port of the address do not count. */
  readonly sentinels: readonly string[];
  /** What the sentinels call the master. */
  readonly sentinelName: string;
  /** Of the sentinels themselves; empty for none. */
  readonly sentinelPassword: string;
  /** Shown by `CLIENT LIST`: tells an operator whose connection this is. */
  readonly name: string;
  readonly connectTimeoutMs: number;
  /** Longest pause between two attempts to reconnect. */
  readonly reconnectCapMs: number;
  /**
   * How long one command may wait for its answer; false waits until Redis is back, for callers that hold work which must
   * not be given up.
   */
  readonly commandTimeoutMs: number | false;
}

export function createClient(settings: ClientSettings): Redis;
