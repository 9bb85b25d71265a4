import type { RedisClient } from '../redis/connection.js';
import { breakConnection, watchConnection } from '../redis/connection-watch.mjs';

export interface WorkBellOptions {
  /** Whose settings the bell's own connection takes over. */
  readonly client: RedisClient;
  /** The key that BullMQ rings with. */
  readonly marker: string;
  /** Shown by `CLIENT LIST`. */
  readonly connectionName: string;
  readonly onError: (error: Error) => void;
}

/** How much later than asked Redis may answer before the connection counts as dead. */
const graceMs = 1_000;
/** Without a connection the caller looks for work so often. */
const lookMs = 1_000;
/** Redis before 7.0.8 takes anything shorter for "for ever". */
const shortestMs = 2;

/**
 * Tells when there may be work in a queue, on a connection of its own: somebody added a job, or a delayed one is due.
 *
 * Every wait ends: when the bell rings, when time is up, when the caller has had enough, and when the connection breaks, because
 * what was rung meanwhile is lost. Nothing of it is left behind, so that a worker that stopped can end without Redis.
 */
export class WorkBell {
  readonly #client: RedisClient;
  readonly #marker: string;
  readonly #main: RedisClient;

  constructor({ client, marker, connectionName, onError }: WorkBellOptions) {
    this.#main = client;
    this.#marker = marker;
    // A wait that was given up on must not be taken up again later: it would hear the bell, and nobody would come.
    this.#client = client.duplicate({
      connectionName,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
    });
    this.#client.on('error', onError);
    watchConnection(this.#client, { mayWait: true });
    this.#client.connect().catch(() => undefined);
    client.on('close', this.#onMainClosed);
  }

  /** What broke the connection beside it may have broken the bell's too, and nobody would know before the wait is over. */
  readonly #onMainClosed = (): void => breakConnection(this.#client);

  /**
   * Waits until there may be work, at most for so long.
   *
   * @throws what Redis answers to a wait that it refuses.
   */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const client = this.#client;
    if (client.status !== 'ready') {
      await this.#first('ready', Math.min(ms, lookMs), signal);
      return;
    }
    const rung = client.bzpopmin(this.#marker, Math.max(ms, shortestMs) / 1_000);
    const ended = await this.#first('close', ms + graceMs, signal, rung);
    if (ended === 'late') breakConnection(client, `no answer from Redis to a wait of ${ms} ms: connecting anew`);
  }

  /** Gives up the wait, and leaves what is rung from now on to others: Redis drops the waiting client. */
  letGo(): void {
    breakConnection(this.#client);
  }

  /** Ends the connection, whatever state it is in: Redis drops the waiting client, so that the next job wakes somebody else. */
  close(): void {
    this.#main.off('close', this.#onMainClosed);
    this.#client.disconnect();
  }

  /** Whatever comes first: the event, the end of the time, the signal, or the answer. */
  #first(event: 'ready' | 'close', ms: number, signal: AbortSignal, answer?: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const end = (settle: (value: unknown) => void) => (value?: unknown) => {
        clearTimeout(timer);
        this.#client.off(event, came);
        signal.removeEventListener('abort', came);
        settle(value);
      };
      const came = end(resolve);
      const timer = setTimeout(came, ms, 'late');
      this.#client.once(event, came);
      signal.addEventListener('abort', came, { once: true });
      if (signal.aborted) came();
      answer?.then(came, end(reject));
    });
  }
}
