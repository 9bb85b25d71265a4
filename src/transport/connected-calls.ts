import type { RedisQueueBackend } from 'bullmq';
import type { ScriptClient } from '../redis/define-script.js';
import { scriptClient } from './script-client.js';

interface Calls {
  whenIdle(): Promise<void>;
}

/** The batched calls of one of BullMQ's backends: there as soon as its connection stands. */
export class ConnectedCalls<C extends Calls> {
  readonly #opening: Promise<C>;
  #opened: C | undefined;

  constructor(backend: RedisQueueBackend, create: (client: ScriptClient) => C) {
    this.#opening = this.#open(backend, create);
    // Whoever uses them is told; a backend that nobody uses must not end the process.
    this.#opening.catch(() => undefined);
  }

  /** Makes use of the calls: at once, so that what is called in turn stays in turn, or when the connection stands. */
  use<T>(make: (calls: C) => Promise<T>): Promise<T> {
    return this.#opened ? make(this.#opened) : this.#opening.then(make);
  }

  /** Resolves when every call has been answered. Nothing is under way as long as there is no connection. */
  async whenIdle(): Promise<void> {
    await this.#opened?.whenIdle();
  }

  async #open(backend: RedisQueueBackend, create: (client: ScriptClient) => C): Promise<C> {
    this.#opened = create(scriptClient(await backend.client));
    return this.#opened;
  }
}
