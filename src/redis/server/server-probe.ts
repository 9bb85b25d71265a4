import { Redis } from 'ioredis';
import { within } from '../../time/deadline.js';

/** Who answers at an address. */
export interface ServerIdentity {
  readonly kind: 'redis' | 'valkey';
  readonly version: string;
  readonly processId: number;
}

/** What a look at an address found. */
export type ServerProbe =
  | { readonly kind: 'ready'; readonly identity: ServerIdentity }
  /** It reads its data from disk and refuses everything else until it is done. */
  | { readonly kind: 'loading'; readonly identity: ServerIdentity }
  /** Somebody holds the connection open and says nothing: a stopped or hung process. */
  | { readonly kind: 'silent' }
  /** Nobody listens, or what listens is no Redis. */
  | { readonly kind: 'absent' };

/** Looks who answers at an address, with a connection of its own. Never throws, never takes longer than `timeoutMs`. */
export async function probeServer(url: string, timeoutMs = 1000): Promise<ServerProbe> {
  const client = new Redis(url, {
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    connectTimeout: timeoutMs,
    retryStrategy: () => null,
  });
  // The rejected promise below says the same; without a listener ioredis writes it to the terminal.
  client.on('error', () => undefined);
  try {
    const info = await within(timeoutMs, readInfo(client));
    return info === 'late' ? { kind: 'silent' } : decodeInfo(info);
  } catch {
    return { kind: 'absent' };
  } finally {
    client.disconnect();
  }
}

async function readInfo(client: Redis): Promise<string> {
  await client.connect();
  return client.info();
}

function decodeInfo(info: string): ServerProbe {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
  const version = field('redis_version');
  if (version === undefined) return { kind: 'absent' };
  const valkeyVersion = field('valkey_version');
  const identity: ServerIdentity = {
    kind: valkeyVersion === undefined ? 'redis' : 'valkey',
    version: valkeyVersion ?? version,
    processId: Number(field('process_id')),
  };
  return { kind: field('loading') === '1' ? 'loading' : 'ready', identity };
}
