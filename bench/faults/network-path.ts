import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A way through the network to a server of this machine, which can be parted. */
export interface NetworkPath {
  readonly port: number;
  readonly url: string;
  /** From now on nothing gets through in either direction, and nobody is told, as when a network drops every packet. */
  part(): void;
  /**
   * Lets everything through again. `late`: what was sent meanwhile arrives now, as TCP sends it again. `forgotten`: connections from
   * before stay silent for good, as behind a router that lost its table; only new ones get through.
   */
  heal(old: 'late' | 'forgotten'): void;
  /** For so long questions get through and answers do not; then every connection breaks. */
  loseAnswers(ms: number): Promise<void>;
  close(): void;
}

export async function openNetworkPath(targetPort: number): Promise<NetworkPath> {
  const sockets = new Set<Socket>();
  const answering = new Set<Socket>();
  const waiting = new Set<() => void>();
  let parted = false;

  /** Passes on what one side says and, when it has ended, that it has. */
  const pass = (from: Socket, to: Socket) => {
    from.on('data', (bytes) => to.write(bytes));
    from.on('end', () => to.end());
    from.on('close', () => to.destroySoon());
  };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    // Who breaks off without a word is heard of by the close.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => {
    keep(near);
    const open = () => {
      const far = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
      keep(far);
      answering.add(far);
      far.on('close', () => answering.delete(far));
      pass(near, far);
      pass(far, near);
      near.resume();
    };
    // A parted network lets nobody connect either; the near side cannot tell, because its own machine answers here.
    if (parted) waiting.add(open);
    else open();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    part() {
      parted = true;
      for (const socket of sockets) socket.pause();
    },
    heal(old) {
      parted = false;
      if (old === 'late') for (const socket of sockets) socket.resume();
      for (const open of waiting) open();
      waiting.clear();
    },
    async loseAnswers(ms) {
      for (const socket of answering) socket.pause();
      await sleep(ms);
      for (const socket of sockets) socket.destroy();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
