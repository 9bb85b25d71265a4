import type { RedisQueueBackend } from 'bullmq';
import type { ScriptClient } from '../redis/define-script.js';
import { scriptClient } from './script-client.js';

interface Calls {
  whenIdle(): Promise<void>;
}

/** The batched calls of one of BullMQ's backends: made when they are first needed and its connection stands. */
export class ConnectedCalls<C extends Calls> {
  readonly #backend: RedisQueueBackend;
  readonly #create: (client: ScriptClient) => C;
  #opening: Promise<C> | undefined;
  #opened: C | undefined;

  constructor(backend: RedisQueueBackend, create: (client: ScriptClient) => C) {
    this.#backend = backend;
    this.#create = create;
  }

  /** Rejects when the connection could not be made. */
  open(): Promise<C> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Resolves when every call has been answered. Nothing is under way as long as there is no connection. */
  async whenIdle(): Promise<void> {
    await this.#opened?.whenIdle();
  }

  async #open(): Promise<C> {
    this.#opened = this.#create(scriptClient(await this.#backend.client));
    return this.#opened;
  }
}
