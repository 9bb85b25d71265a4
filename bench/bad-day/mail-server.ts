import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { loopback } from '../../src/redis/server/free-port.js';

/** What jobs depend on: takes every mail, or none. */
export class MailServer {
  isDown = false;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      request.resume();
      await sleep(5 + 15 * Math.random());
      response.writeHead(this.isDown ? 503 : 200).end();
    });
  }

  static async start(): Promise<MailServer> {
    const mail = new MailServer();
    mail.#server.listen(0, loopback);
    await once(mail.#server, 'listening');
    return mail;
  }

  get url(): string {
    return `http://${loopback}:${(this.#server.address() as AddressInfo).port}/`;
  }

  end(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
