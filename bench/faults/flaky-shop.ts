import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The calls that came in one second, counted from the opening. */
export interface ShopSecond {
  first: number;
  /** Calls for jobs that had called before. */
  again: number;
  failed: number;
}

const leastShare = 0.3;
const mostShare = 0.6;
/** The share of failures goes up and down so often. */
const swingMs = 20_000;
const answersAfterMs = 20;

/** Somebody outside whom jobs call: for a while it fails between 30 and 60 % of its calls, and then none. */
export class FlakyShop {
  readonly #server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += String(part);
    const fails = this.#count(Number(body));
    await sleep(answersAfterMs);
    response.statusCode = fails ? 503 : 200;
    response.end();
  });
  readonly #flakyMs: number;
  readonly #callers = new Set<number>();
  readonly seconds: ShopSecond[] = [];
  #openedAt = 0;
  url = '';

  constructor(flakyMs: number) {
    this.#flakyMs = flakyMs;
  }

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
    this.#openedAt = performance.now();
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Counts a call, and says whether it fails. */
  #count(caller: number): boolean {
    const sinceMs = performance.now() - this.#openedAt;
    const fails = Math.random() < this.#shareAt(sinceMs);
    const place = Math.floor(sinceMs / 1_000);
    while (this.seconds.length <= place) this.seconds.push({ first: 0, again: 0, failed: 0 });
    const second = this.seconds[place] as ShopSecond;
    if (this.#callers.has(caller)) second.again += 1;
    else second.first += 1;
    if (fails) second.failed += 1;
    this.#callers.add(caller);
    return fails;
  }

  #shareAt(sinceMs: number): number {
    if (sinceMs >= this.#flakyMs) return 0;
    const swing = (1 - Math.cos((2 * Math.PI * sinceMs) / swingMs)) / 2;
    return leastShare + (mostShare - leastShare) * swing;
  }
}
