import { once } from 'node:events';
import { createServer } from 'node:net';
import { PortTakenError } from '../../telemetry/port-taken-error.js';

/**
 * Looks whether the ports of a pool are free, so that one that is taken is said in one line, before anything runs. A child
 * that finds its port taken all the same says so itself.
 *
 * @throws PortTakenError for the first that is taken.
 */
export async function probePorts(host: string, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const server = createServer().listen({ port, host, exclusive: true });
    try {
      await once(server, 'listening');
    } catch (error) {
      // Anything else that is wrong with the address, the child says better.
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw new PortTakenError(host, port, error);
      return;
    }
    server.close();
    await once(server, 'close');
  }
}
