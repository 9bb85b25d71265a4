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
  givesBack,
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

/** Keeps the leases of all jobs that the worker holds. Returns the jobs. */
async function keepLeasesOfAll() {
  const held = [];
  for (const queue of queues) {
    const { active, stalled, base } = queue;
    const kept = await redis.eval(keepLeases, 2, active, stalled, base, tokenPrefix, leaseMs);
    for (const [id, kind, startedAt, token] of kept) held.push({ queue, id, kind, startedAt, token });
  }
  return held;
}

/** For how long the loop is blocked before jobs that have not begun are given back: a shorter wait is not worth another start. */
const longestWaitMs = 1_000;

/** Gives back those of the jobs that have not begun: they would wait for as long as the loop is blocked. Returns the others. */
async function giveBackUnbegun(held) {
  const begun = new Map(queues.map(({ name, begun }) => [name, beginRound(new Int32Array(begun))]));
  const hasBegun = ({ queue, token }) => begun.get(queue.name).has(sharedLeaseNumber(leaseNumber(token)));
  const unbegun = held.filter((job) => !hasBegun(job));
  // What Redis refuses stays, and is tried again with the next renewal.
  await Promise.allSettled(
    unbegun.map(({ queue: { base, releaseKeys }, id, token }) => {
      const keys = [base + id, ...releaseKeys];
      return redis.eval(release, keys.length, ...keys, id, token, base, '', 0, '', '', 'blocked', fleet.id);
    }),
  );
  return held.filter(hasBegun);
}

/** In this order, see `BegunLeases`. */
function beginRound(words) {
  Atomics.add(words, 0, 1);
  const numbers = new Set();
  for (let place = 1; place < words.length; place++) numbers.add(Atomics.load(words, place));
  return numbers;
}

/** The longest first. */
function describeRunning(held) {
  return held
    .map(({ id, queue, kind, startedAt }) => ({ id, queue: queue.name, kind, startedAt: Number(startedAt) }))
    .sort((a, b) => a.startedAt - b.startedAt)
    .slice(0, 50);
}

let held = [];
let wasGivenBack = false;
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
    held = await keepLeasesOfAll();
    wasGivenBack = false;
    keptAt = now;
  }
  if (lastBeat && now - beatAt >= beatMs) {
    const beat = { ...lastBeat, state: 'blocked', blockedMs: blockedMs(), running: describeRunning(held) };
    // Orders stay where they are: nobody could follow them.
    await redis
      .set(fleet.worker, JSON.stringify(beat), 'PX', beatTtlMs)
      .catch(() => redis.pexpire(fleet.worker, beatTtlMs));
    await redis.sadd(fleet.workers, lastBeat.id);
    beatAt = now;
  }
  // Last of all: nothing that runs may lose its lease for it.
  if (givesBack && !wasGivenBack && blockedMs() >= longestWaitMs) {
    held = await giveBackUnbegun(held);
    wasGivenBack = true;
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
