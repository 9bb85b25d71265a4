import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** The address every server of our own listens on: reachable from this machine only. */
export const loopback = '127.0.0.1';

/**
 * Asks the system for a port that nobody listens on.
 *
 * Another program may take it before the caller does: whoever binds it must be ready to ask again.
 */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, loopback);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
