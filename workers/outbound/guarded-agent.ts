import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { isPublicAddress } from './public-address.js';

/** An address as the resolver gives it. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Resolves a host name to all of its addresses. */
export type ResolveHost = (
  hostname: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly ResolvedAddress[]) => void,
) => void;

/** Thrown when a host leads to no public address. Trying again would ask an internal service again: treat it as final. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';
  readonly code = 'PRIVATE_ADDRESS';

  constructor(
    readonly hostname: string,
    readonly addresses: readonly string[],
  ) {
    super(
      addresses.length === 1 && addresses[0] === hostname
        ? `${hostname} is not a public address`
        : `${hostname} leads to no public address (${addresses.join(', ') || 'none at all'})`,
    );
  }
}

export interface GuardedAgentOptions {
  /** Lets every address pass: for development and for networks whose every host may be called. */
  readonly allowPrivate: boolean;
  /** @defaultValue the system's resolver */
  readonly resolve?: ResolveHost;
}

/**
 * Creates the HTTP agent for addresses that strangers choose (server-side request forgery is the danger).
 *
 * It judges at the last moment: the addresses the socket is about to use, not those of an earlier look-up, so a name that
 * changes its answer between check and use (DNS rebinding) gains nothing. An address written into the URL skips name
 * resolution, so the connector judges that one itself.
 */
export function createGuardedAgent({ allowPrivate, resolve = resolveBySystem }: GuardedAgentOptions): Agent {
  const isAllowed = allowPrivate ? () => true : isPublicAddress;
  const connect = buildConnector({ timeout: 5_000, lookup: createGuardedLookup(resolve, isAllowed) });
  return new Agent({
    connections: 8,
    pipelining: 1,
    connect: (target, callback) => {
      const literal = target.hostname.replace(/^\[|\]$/g, '');
      if (isIP(literal) !== 0 && !isAllowed(literal)) {
        callback(new PrivateAddressError(literal, [literal]), null);
        return;
      }
      connect(target, callback);
    },
  });
}

/** Makes a `lookup` for sockets that knows only the addresses that may be called. */
export function createGuardedLookup(resolve: ResolveHost, isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      if (error) {
        callback(error, []);
        return;
      }
      const allowed = addresses.filter(({ address }) => isAllowed(address));
      const [first] = allowed;
      if (!first) {
        callback(
          new PrivateAddressError(
            hostname,
            addresses.map(({ address }) => address),
          ),
          [],
        );
        return;
      }
      if (options.all) callback(null, [...allowed]);
      else callback(null, first.address, first.family);
    });
  };
}

const resolveBySystem: ResolveHost = (hostname, callback) => systemLookup(hostname, { all: true }, callback);
