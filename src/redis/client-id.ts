import type { RedisClient } from './connection.js';

/**
 * Keeps in mind the number under which Redis knows a connection: a new one with every reconnect. It is in `CLIENT LIST` for as long as
 * the connection stands, and Redis gives no number twice until it restarts.
 */
export class ClientId {
  readonly #client: RedisClient;
  readonly #onError: (error: Error) => void;
  #current: number | undefined;

  constructor(client: RedisClient, onError: (error: Error) => void) {
    this.#client = client;
    this.#onError = onError;
    client.on('close', this.#forget);
    client.on('ready', this.#ask);
    if (client.status === 'ready') this.#ask();
  }

  /** The number; undefined while there is no connection, or Redis has not told it yet. */
  get current(): number | undefined {
    return this.#current;
  }

  readonly #forget = (): void => {
    this.#current = undefined;
  };

  readonly #ask = (): void => {
    this.#client
      .client('ID')
      .then((id) => {
        if (this.#client.status === 'ready') this.#current = id;
      })
      .catch(this.#onError);
  };
}
