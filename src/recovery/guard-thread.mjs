// The program of the guard thread. JavaScript, because a thread starts from a file and the tests run the sources as they are.
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { createClient } from '../redis/client.mjs';

/** @type {import('./guard.js').GuardOrders} */
const orders = workerData;
const {
  connection,
  stamp,
  blockedAfterMs,
  blockedMaxMs,
  killsProcess,
  renewMs,
  beatMs,
  beatTtlMs,
  leaseMs,
  tokenPrefix,
  queues,
  fleet,
  keepLeases,
} = orders;
const lastTurn = new BigInt64Array(stamp);

const redis = createClient(connection);
// The main thread tells of Redis' faults; a client without a listener would end the thread.
redis.on('error', () => undefined);
redis.connect().catch(() => undefined);

/** What the worker told of itself last. */
let lastBeat;
parentPort?.on('message', (beat) => {
  lastBeat = beat;
});

/** For how long the main thread's event loop has not turned. */
function blockedMs() {
  return Number((process.hrtime.bigint() - Atomics.load(lastTurn, 0)) / 1_000_000n);
}

/** Keeps every lease that the worker holds, and names the jobs. */
async function keepAllLeases() {
  const running = [];
  for (const { name, active, stalled, base } of queues) {
    const kept = await redis.eval(keepLeases, 2, active, stalled, base, tokenPrefix, leaseMs);
    for (const [id, kind, startedAt] of kept) running.push({ id, queue: name, kind, startedAt: Number(startedAt) });
  }
  return running.sort((a, b) => a.startedAt - b.startedAt).slice(0, 50);
}

let running = [];
let keptAt = Number.NEGATIVE_INFINITY;
let beatAt = Number.NEGATIVE_INFINITY;

async function standIn() {
  const blocked = blockedMs();
  if (blocked < blockedAfterMs || blocked > blockedMaxMs) {
    keptAt = Number.NEGATIVE_INFINITY;
    return;
  }
  const now = performance.now();
  if (now - keptAt >= renewMs) {
    running = await keepAllLeases();
    keptAt = now;
  }
  if (lastBeat && now - beatAt >= beatMs) {
    const beat = { ...lastBeat, state: 'blocked', blockedMs: blockedMs(), running };
    // Orders stay where they are: nobody could follow them.
    await redis
      .set(fleet.worker, JSON.stringify(beat), 'PX', beatTtlMs)
      .catch(() => redis.pexpire(fleet.worker, beatTtlMs));
    await redis.sadd(fleet.workers, lastBeat.id);
    beatAt = now;
  }
}

const lookMs = Math.min(blockedAfterMs, beatMs) / 4;
let seenTurn = 0n;
let looksWithoutTurn = 0;

/**
 * Ends the process when its loop has not turned for too long: nothing else can. The last beat says who held it up. It counts its own looks,
 * because a process that was stopped as a whole did not turn either, and is not to blame.
 */
function endIfHopeless() {
  const turn = Atomics.load(lastTurn, 0);
  looksWithoutTurn = turn === seenTurn ? looksWithoutTurn + 1 : 0;
  seenTurn = turn;
  if (looksWithoutTurn * lookMs > blockedMaxMs) process.kill(process.pid, 'SIGKILL');
}
// Beside what waits for Redis.
if (killsProcess) setInterval(endIfHopeless, lookMs);

for (;;) {
  // What Redis refuses now is asked again: nobody else can keep these leases.
  await standIn().catch(() => undefined);
  await new Promise((resolve) => {
    setTimeout(resolve, lookMs);
  });
}
