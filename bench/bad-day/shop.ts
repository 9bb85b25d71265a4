import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createProducer, isBulwarkError, type Producer } from 'bulwark';
import { loopback } from '../../src/redis/server/free-port.js';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.js';
import { charge, digest, receipt, report, settlement } from './kinds.js';

const tickMs = 100;

/** A service that enqueues jobs all day, and serves the metrics of its producer. */
export class Shop {
  /** Receipts a second. */
  receiptsPerS = 20;
  /** How long a receipt takes beside its call. */
  receiptMs = 20;
  readonly #producer: Producer;
  readonly #server: Server;
  readonly #smtp: string;
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;

  private constructor(redisUrl: string, smtp: string) {
    const metrics: Metrics = createMetrics({ role: 'producer', version: '0' });
    this.#producer = createProducer({ redis: redisUrl, metrics });
    this.#smtp = smtp;
    this.#server = createServer(async (_request, response) => {
      response.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.render());
    });
  }

  /** Serves its metrics, and sells nothing yet. */
  static async build(redisUrl: string, smtp: string): Promise<Shop> {
    const shop = new Shop(redisUrl, smtp);
    shop.#server.listen(0, loopback);
    await once(shop.#server, 'listening');
    return shop;
  }

  open(): void {
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#producer.close();
  }

  /** Ten times a second, so what is done at each tenth tick is done once a second. */
  #tick(): void {
    const tick = ++this.#ticks;
    const smtp = this.#smtp;
    const receipts = Math.round((this.receiptsPerS * tickMs) / 1_000);
    const send = this.#send.bind(this);
    send(() =>
      this.#producer.enqueueMany(
        receipt,
        Array.from({ length: receipts }, () => ({ ms: this.receiptMs, smtp })),
      ),
    );
    // Somebody clicks twice: the second one is known by its key.
    for (const key of [`order-${tick}`, `order-${tick - (tick % 7)}`])
      send(() => this.#producer.enqueue(charge, { ms: 20, smtp }, { key }));
    send(() => this.#producer.enqueue(digest, { ms: 0, smtp }));
    send(() => this.#producer.enqueue(report, { ms: 100 + 200 * Math.random(), smtp }));
    if (tick % 4 === 0) send(() => this.#producer.enqueue(settlement, { ms: 500 + 1_000 * Math.random(), smtp }));
    if (tick % 5 === 0) send(() => this.#producer.enqueue(settlement, { ms: 20, smtp, fails: 'once' }));
    if (tick % 20 === 0) send(() => this.#producer.enqueue(settlement, { ms: 0, smtp, fails: 'always' }));
    if (tick % 30 === 0) send(() => this.#producer.enqueue(report, { ms: 0, smtp: 'nowhere' }));
  }

  /** A refusal is what some of this is about. */
  #send(enqueue: () => Promise<unknown>): void {
    enqueue().catch((error: unknown) => {
      if (!isBulwarkError(error)) throw error;
    });
  }
}
