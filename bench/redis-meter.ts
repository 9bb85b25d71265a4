import { Redis } from 'ioredis';

/** Counts what a Redis server does, its own questions taken off. */
export class RedisMeter {
  readonly #client: Redis;
  /** Every reading is one command itself. */
  #readings = 0;

  constructor(url: string) {
    this.#client = new Redis(url, { lazyConnect: true });
  }

  async connect(): Promise<void> {
    await this.#client.connect();
  }

  /** Commands so far, those inside scripts included. */
  async commands(): Promise<number> {
    const info = await this.#client.info('stats');
    return Number(/total_commands_processed:(\d+)/.exec(info)?.[1]) - this.#readings++;
  }

  close(): void {
    this.#client.disconnect();
  }
}
