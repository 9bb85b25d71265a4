import type { Logger } from 'pino';
import type { ResolvedOptions } from '../../config/option-types.js';
import { closeRedis } from '../../redis/connection.js';
import { type OpenRedis, openRedis } from '../../redis/open-redis.js';
import { ScaleStore } from '../../scaling/scale-store.js';
import { systemClock } from '../../time/clock.js';
import { within } from '../../time/deadline.js';
import { exitCodeOfSignal, exitCodes } from '../exit-code.js';
import type { Output } from '../output.js';
import type { StopRequest } from '../process/stop-request.js';
import type { PoolOutput } from './child-output.js';
import type { PoolPrograms } from './child-programs.js';
import { CrashReporter } from './crash-reporter.js';
import type { ProcessBounds } from './decide-processes.js';
import { Keeper, type PoolReports } from './keeper.js';
import { KeptChild } from './kept-child.js';
import { PoolGaveUpError } from './pool-gave-up-error.js';
import { PoolScaler } from './pool-scaler.js';
import { RollingRestart } from './rolling-restart.js';

export interface PoolParts {
  /** With the address of the Redis that the pool works on. */
  readonly options: ResolvedOptions;
  /** Of all workers that it may ever run. */
  readonly programs: PoolPrograms;
  /** Tells that the pool is up, or what of it. */
  readonly show: (reports: PoolReports) => void;
  readonly stop: StopRequest;
  readonly output: Output;
  readonly lines: PoolOutput;
  readonly log: Logger;
}

/**
 * A new process is ready in a second or two; on a busy machine, with a slow connection to Redis, in ten. Too short: no
 * restart on a bad day. Too long: a rolling restart stands still before a process that will never be ready.
 */
const readyWithinMs = 30_000;
/** A pool that works and is not complete after this long is shown as it is: an empty screen tells nothing. */
const showDeadlineMs = 10_000;

/**
 * Keeps a pool on a Redis that was found, until it is asked to stop or can never run.
 *
 * @returns the exit code: 0 after a drain; that of the signal that cut it short; that of the child that can never run
 * @throws RedisUnavailableError, RedisMisconfiguredError before anything was started; PoolGaveUpError after a drain, when too
 * much of it died as soon as it was started.
 */
export async function runPool(parts: PoolParts): Promise<number> {
  // Opened first, because what is wrong with Redis is said once here, instead of by every child again and again.
  const { options, log } = parts;
  const redis = await openRedis({ redis: options.redis, name: `bulwark:keeper:${process.pid}`, manner: 'prompt', log });
  try {
    return await keepUntilStopped(parts, redis);
  } finally {
    await closeRedis(redis.client);
  }
}

async function keepUntilStopped(parts: PoolParts, redis: OpenRedis): Promise<number> {
  const { options, programs, stop, output, lines, log } = parts;
  const { restartBaseMs, restartCapMs, killGraceMs, minWorkers, maxWorkers } = options.pool;
  const crashes = new CrashReporter(redis, log);
  const scales = maxWorkers !== false;
  const policy = { baseMs: restartBaseMs, capMs: restartCapMs };
  const keeper = new Keeper(
    programs,
    (name, program, news) =>
      new KeptChild({
        name,
        program,
        policy,
        killGraceMs,
        readyWithinMs,
        output: lines,
        clock: systemClock,
        random: Math.random,
        log,
        onCrash: async ({ role, id }, record) => {
          if (role === 'worker') await crashes.report(id, record);
        },
        ...news,
      }),
    scales ? minWorkers : undefined,
  );
  if (stop.reason !== undefined) return exitCodes.done;
  const restart = new RollingRestart(keeper.children, log);
  stop.onReload = () => void restart.run();
  keeper.start();
  const scaler = scales ? createScaler(keeper, redis, { min: minWorkers, max: maxWorkers }, log) : undefined;
  scaler?.start();
  void showWhenUp(keeper, parts);

  const end = await Promise.race([
    stop.received.then((reason) => ({ kind: 'stop', reason }) as const),
    keeper.hopeless.then((child) => ({ kind: 'hopeless', ...child }) as const),
    keeper.gaveUp.then((casualties) => ({ kind: 'gave-up', casualties }) as const),
  ]);
  if (end.kind === 'stop') log.info({ reason: end.reason }, 'pool.stopping');
  if (end.kind === 'hopeless') output.say(`bulwark: ${end.name} cannot run as it was started: stopping the pool`);
  if (end.kind === 'gave-up') log.fatal({ casualties: end.casualties }, 'pool.gave_up');

  // Its answer may take as long as Redis does; nobody waits for it.
  void scaler?.stop();
  let cut: NodeJS.Signals | undefined;
  const killed = stop.insisted.then((signal) => {
    cut = signal;
    log.warn({ signal }, 'pool.killed');
    return keeper.kill();
  });
  await Promise.race([keeper.stop(), killed]);
  if (cut !== undefined) {
    await killed;
    return exitCodeOfSignal(cut);
  }
  if (end.kind === 'gave-up') throw new PoolGaveUpError(end.casualties);
  return end.kind === 'hopeless' ? end.exitCode : exitCodes.done;
}

function createScaler(keeper: Keeper, { client, keyspace }: OpenRedis, bounds: ProcessBounds, log: Logger): PoolScaler {
  return new PoolScaler({ keeper, store: new ScaleStore(client, keyspace), bounds, log });
}

async function showWhenUp(keeper: Keeper, { show, stop }: PoolParts): Promise<void> {
  const settled = Promise.race([
    keeper.ready,
    ...[stop.received, keeper.hopeless, keeper.gaveUp].map((end) => end.then(() => 'ended')),
  ]);
  let news = await within(showDeadlineMs, settled);
  const nobodyYet = keeper.reports.workers.every((worker) => worker === undefined);
  if (news === 'late' && nobodyYet) news = await settled;
  if (news !== 'ended') show(keeper.reports);
}
