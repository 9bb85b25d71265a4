// JavaScript, because the guard's thread uses it too: see guard-thread.mjs.
import { Redis, SentinelConnector } from 'ioredis';
import { watchConnection } from './connection-watch.mjs';

/** A single attempt to connect gets no longer than this, so that a way that opens again is tried again soon. */
const longestAttemptMs = 2_000;
/** How long a server may take to say goodbye before the connection is cut. */
const goodbyeMs = 500;

/** Makes a client with the habits of all of ours. It connects when it is told to, and then again and again for as long as it lives. */
export function createClient(settings) {
  const client = new Redis(settings.url, clientOptions(settings));
  watchConnection(client);
  return client;
}

function clientOptions({ url, sentinels, sentinelName, sentinelPassword, name, ...times }) {
  const { connectTimeoutMs, reconnectCapMs, commandTimeoutMs } = times;
  const pauseMs = (attempt) => Math.min(2 ** Math.min(attempt, 10) * 20, reconnectCapMs) * (0.75 + Math.random() / 4);
  const attemptMs = Math.min(connectTimeoutMs, longestAttemptMs);
  return {
    lazyConnect: true,
    connectionName: name,
    connectTimeout: attemptMs,
    disconnectTimeout: goodbyeMs,
    // A caller who is no longer waiting is not served later either: what timed out is dropped, not kept without bound.
    maxRetriesPerRequest: commandTimeoutMs === false ? null : Math.ceil(commandTimeoutMs / reconnectCapMs),
    keepAlive: 10_000,
    // A Redis that reads its data from disk guesses how long that takes; asking sooner notices its return sooner.
    maxLoadingRetryTime: reconnectCapMs,
    // A server that was demoted refuses writes: reconnect to whoever leads now, and ask again there.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    retryStrategy: pauseMs,
    ...(commandTimeoutMs !== false && { commandTimeout: commandTimeoutMs }),
    ...(sentinels.length > 0 && {
      ...sentinelOptions(url, { sentinels, sentinelName, sentinelPassword }),
      sentinelCommandTimeout: attemptMs,
      // Without a pause the client would give up for good when no sentinel answers.
      sentinelRetryStrategy: pauseMs,
    }),
  };
}

/** The master is asked for with every attempt to connect; user, password, database and TLS are those of the address. */
function sentinelOptions(url, { sentinels, sentinelName, sentinelPassword }) {
  return {
    Connector: StickySentinelConnector,
    sentinels: sentinels.map(sentinelAddress),
    name: sentinelName,
    ...(sentinelPassword !== '' && { sentinelPassword }),
    ...(/^rediss:/i.test(url) && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
    // The detector of ioredis ends a client for good whose search for the master it interrupts. It is not needed: a master that dies
    // closes its connections, one that hangs or vanishes is noticed by the watch, and one that was demoted answers READONLY.
    failoverDetector: false,
  };
}

/** Begins with the sentinel that answered last. ioredis goes on to the next, and behind the last one says that none can be reached. */
class StickySentinelConnector extends SentinelConnector {
  connect(emit) {
    this.sentinelIterator.reset(true);
    return super.connect(emit);
  }
}

/** `host:port`; an IPv6 address stands in brackets. */
function sentinelAddress(entry) {
  const { hostname, port } = new URL(`redis://${entry}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 26_379 : Number(port) };
}
