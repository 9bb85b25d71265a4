// The program of the guard thread. JavaScript, because a thread starts from a file and the tests run the sources as they are.
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { createClient } from '../redis/client.mjs';
import { leaseNumber, sharedLeaseNumber } from '../transport/lease-number.mjs';

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
  release,
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

/** For how long the loop is blocked before jobs that have not begun are given back: a shorter wait is not worth another start. */
const longestWaitMs = 1_000;

/** Gives back those of the jobs that have not begun: they would wait for as long as the loop is blocked. Returns the others. */
async function giveBackUnbegun({ base, begun, releaseKeys }, kept) {
  const words = new Int32Array(begun);
  // In this order, see `BegunLeases`.
  Atomics.add(words, 0, 1);
  const numbers = new Set();
  for (let place = 1; place < words.length; place++) numbers.add(Atomics.load(words, place));
  const running = [];
  for (const job of kept) {
    const [id, , , token] = job;
    if (numbers.has(sharedLeaseNumber(leaseNumber(token)))) running.push(job);
    else await redis.eval(release, 1 + releaseKeys.length, base + id, ...releaseKeys, id, token, base, '', 0, '', '');
  }
  return running;
}

/** Keeps the leases of all jobs that run, and names them. */
async function keepLeasesOfAll() {
  const running = [];
  for (const queue of queues) {
    const { name, active, stalled, base } = queue;
    const kept = await redis.eval(keepLeases, 2, active, stalled, base, tokenPrefix, leaseMs);
    const left = blockedMs() < longestWaitMs ? kept : await giveBackUnbegun(queue, kept);
    for (const [id, kind, startedAt] of left) {
      running.push({ id, queue: name, kind, startedAt: Number(startedAt) });
    }
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
    running = await keepLeasesOfAll();
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
