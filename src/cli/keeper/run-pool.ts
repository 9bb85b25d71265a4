import type { Logger } from 'pino';
import { maskUrl } from '../../config/mask-url.js';
import type { ResolvedOptions } from '../../config/option-types.js';
import { closeRedis } from '../../redis/connection.js';
import { openRedis } from '../../redis/open-redis.js';
import type { AcquiredServer } from '../../redis/server/acquire-server.js';
import { systemClock } from '../../time/clock.js';
import { within } from '../../time/deadline.js';
import { exitCodeOfSignal, exitCodes } from '../exit-code.js';
import type { Output } from '../output.js';
import type { StopRequest } from '../process/stop-request.js';
import type { PoolPrograms } from './child-programs.js';
import { ChildSlot } from './child-slot.js';
import { Keeper } from './keeper.js';
import { welcomeText } from './welcome.js';

export interface PoolParts {
  readonly options: ResolvedOptions;
  readonly server: AcquiredServer;
  readonly programs: PoolPrograms;
  readonly stop: StopRequest;
  readonly output: Output;
  readonly log: Logger;
}

/** A pool that is not complete after this long is shown as it is: whoever looks at an empty screen learns nothing. */
const welcomeDeadlineMs = 10_000;

/**
 * Keeps a pool on a Redis that was found, until it is asked to stop or can never run.
 *
 * @returns the exit code: 0 after a drain, also one that was cut short; that of the child that can never run
 * @throws RedisUnavailableError, RedisMisconfiguredError before anything was started.
 */
export async function runPool({ options, server, programs, stop, output, log }: PoolParts): Promise<number> {
  await assertUsable(options, server.url, log);
  const { restartBaseMs, restartCapMs, killGraceMs } = options.pool;
  const policy = { baseMs: restartBaseMs, capMs: restartCapMs };
  const keeper = new Keeper(
    programs,
    (name, program, told) =>
      new ChildSlot({ name, program, policy, killGraceMs, clock: systemClock, random: Math.random, log, ...told }),
  );
  if (stop.reason !== undefined) return exitCodes.done;
  keeper.start();
  void announce(keeper, server, output, stop);

  const end = await Promise.race([stop.received, keeper.hopeless]);
  if (typeof end === 'object')
    output.say(`bulwark: ${end.name} cannot run as it was started (see above): stopping the pool`);
  else log.info({ reason: end }, 'pool.stopping');
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
  return typeof end === 'object' ? end.exitCode : exitCodes.done;
}

/** Said once by the keeper, instead of by every child again and again. */
async function assertUsable(options: ResolvedOptions, url: string, log: Logger): Promise<void> {
  const { client } = await openRedis({
    redis: { ...options.redis, url },
    name: `bulwark:keeper:${process.pid}`,
    manner: 'prompt',
    log,
  });
  await closeRedis(client);
}

async function announce(keeper: Keeper, server: AcquiredServer, output: Output, stop: StopRequest): Promise<void> {
  await Promise.race([within(welcomeDeadlineMs, keeper.ready), stop.received, keeper.hopeless]);
  const { reports } = keeper;
  if (stop.reason !== undefined || reports.workers.every((worker) => worker === undefined)) return;
  if (!output.json) output.say(welcomeText(server.description, reports));
  output.document({
    redis: { kind: server.kind, url: maskUrl(server.url), description: server.description },
    supervisor: reports.supervisor ?? null,
    workers: reports.workers.map((report) => report ?? null),
  });
}
