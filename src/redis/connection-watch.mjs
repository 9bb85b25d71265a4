// JavaScript, because the guard's thread uses it too: see guard-thread.mjs.

/** How often a connection is looked at, in milliseconds. */
const lookMs = 500;
/** After so many looks in a row without an answer that was due, the connection counts as dead: between 1.5 and 2 s. */
const silentLooks = 4;

/**
 * Breaks a connection on which Redis was asked and no byte came back for two seconds, so that the client connects anew and asks
 * again. A network that swallows what it is given, or a peer that hangs, says nothing of it, and the kernel would wait for minutes.
 *
 * A Redis that is slow for so long is asked again too. That does no harm: what it did twice is guarded by lease and job id, and jobs
 * that went into the broken connection are given back.
 */
export function watchConnection(client, { mayWait = false } = {}) {
  let silence = { looks: 0, stream: undefined, bytes: 0 };
  const look = () => {
    const { stream, status } = client;
    // A client that waits in Redis is answered late in good order; what it is asked while it connects is not.
    const isDue = client.commandQueue.length > 0 && (status === 'connect' || (status === 'ready' && !mayWait));
    silence = countSilence(silence, { isDue, stream, bytes: stream?.bytesRead ?? 0 });
    if (silence.looks < silentLooks) return;
    silence = { ...silence, looks: 0 };
    breakConnection(client, `no answer from Redis for ${(silentLooks * lookMs) / 1_000} s: connecting anew`);
  };
  let looking;
  client.on('connecting', () => {
    looking ??= setInterval(look, lookMs).unref();
  });
  client.on('end', () => {
    clearInterval(looking);
    looking = undefined;
  });
}

/**
 * Ends the connection at once, as a network would that fails loudly; the client tells why, when a reason is given, and connects anew.
 * `disconnect` of ioredis would say goodbye first, to somebody who does not listen.
 */
export function breakConnection(client, why) {
  if (client.status !== 'connect' && client.status !== 'ready') return;
  client.stream.destroy(why === undefined ? undefined : Object.assign(new Error(why), { code: 'ETIMEDOUT' }));
}

/**
 * Counts the looks in a row at which an answer was due and no byte had come since the look before. Looks and not time: however long a
 * process was held up, it looks once, and then reads what came meanwhile. Pure.
 */
export function countSilence({ looks, stream, bytes }, now) {
  const isSilent = now.isDue && now.stream === stream && now.bytes === bytes;
  return { looks: isSilent ? looks + 1 : 0, stream: now.stream, bytes: now.bytes };
}
