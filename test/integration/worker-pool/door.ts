import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** One connection through a door. */
export interface Passage {
  /** From now on nothing that Redis says gets through; what is said to Redis does. */
  silence(): void;
  /** Cuts the connection. */
  cut(): void;
  /** Cuts it on this side only: Redis is not told, and goes on to take it for sound. */
  forget(): void;
  /** Whether somebody waits in Redis on it. */
  readonly waits: boolean;
  /** How many bytes Redis has said since it was silenced. */
  readonly withheld: number;
}

export interface Door {
  readonly url: string;
  /** The connections that came, the first first. */
  readonly passages: readonly Passage[];
}

/** A door before Redis, for one connection after the other. It shuts in the face of those that `refuses` names, from 1. */
export async function startDoor(port: number, refuses: (turn: number) => boolean = () => false): Promise<Door> {
  const passages: Passage[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(port, '127.0.0.1');
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    let silent = false;
    let withheld = 0;
    let said = '';
    let isForgotten = false;
    const cut = () => {
      inner.destroy();
      outer.destroy();
    };
    passages.push({
      silence: () => {
        silent = true;
      },
      cut,
      forget: () => {
        isForgotten = true;
        inner.destroy();
      },
      get waits() {
        return said.includes('bzpopmin');
      },
      get withheld() {
        return withheld;
      },
    });
    if (refuses(passages.length)) {
      cut();
      return;
    }
    inner.pipe(outer, { end: false });
    inner.on('data', (bytes) => {
      said = bytes.toString('latin1');
    });
    outer.on('data', (bytes) => {
      if (silent) withheld += bytes.length;
      else inner.write(bytes);
    });
    outer.on('close', cut);
    inner.on('close', () => {
      if (!isForgotten) cut();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, passages };
}
