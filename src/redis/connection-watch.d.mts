import type { Redis } from 'ioredis';

export interface ConnectionWatchOptions {
  /**
   * Whether commands of this client wait in Redis: then only connecting is watched.
   * @defaultValue false
   */
  readonly mayWait?: boolean;
}

export function watchConnection(client: Redis, options?: ConnectionWatchOptions): void;
export function breakConnection(client: Redis, why?: string): void;

export interface Silence {
  readonly looks: number;
  readonly stream: unknown;
  readonly bytes: number;
}

export interface ConnectionLook {
  /** Whether something was asked that is to be answered at once. */
  readonly isDue: boolean;
  readonly stream: unknown;
  /** How many bytes have come on this stream. */
  readonly bytes: number;
}

export function countSilence(silence: Silence, now: ConnectionLook): Silence;
