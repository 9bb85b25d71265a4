import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Keyspace } from '../../src/redis/keyspace.js';
import { activeOwnersScript } from '../../src/transport/view-scripts.js';
import { queueName } from '../peers/subject.js';
import { startProgram } from './programs.js';

/** How a leader goes: killed, or stopped in good order. */
export type Parting = 'SIGKILL' | 'SIGTERM';

const keyspace = new Keyspace('bulwark');
const patienceMs = 10_000;
/** The first words of every look at who holds which job: what a sweep begins with. */
const activeKey = keyspace.queue(queueName, 'active');

/** Lets leaders go one after the other, and measures from the signal to the first sweep of the next one, in ms. */
export async function measureTakeovers(
  url: string,
  partings: readonly Parting[],
  say: (line: string) => void,
): Promise<number[]> {
  const client = new Redis(url);
  const monitor = await client.monitor();
  const sweeps = new Sweeps(monitor);
  const start = () => startProgram('bulwark-supervisor', [url]);
  await client.hset(keyspace.queues, queueName, '{}');
  const crew = [await start(), await start()];
  try {
    const times: number[] = [];
    for (const [index, parting] of partings.entries()) {
      const leader = await leaderOf(client, crew);
      await sweeps.next();
      await sleep(1_000 * Math.random());
      const sweeper = sweeps.by;
      const partedAt = performance.now();
      leader.kill(parting);
      while ((await sweeps.next()) === sweeper);
      times.push(performance.now() - partedAt);
      say(
        `${parting} ${index + 1} of ${partings.length}: the next leader swept after ${Math.round(times.at(-1) ?? 0)} ms`,
      );
      if (leader.exitCode === null && leader.signalCode === null) await once(leader, 'exit');
      crew[crew.indexOf(leader)] = await start();
    }
    return times;
  } finally {
    for (const process of crew) process.kill('SIGKILL');
    monitor.disconnect();
    client.disconnect();
  }
}

/** The sweeps that Redis is asked for, by the address of who asks. */
class Sweeps {
  by = '';
  readonly #waiting: ((by: string) => void)[] = [];

  constructor(monitor: Redis) {
    const words = 3 + activeOwnersScript.definition.args.length;
    monitor.on('monitor', (_time: string, [command, , , key, ...args]: string[], source: string) => {
      if (command?.startsWith('eval') !== true || key !== activeKey || args.length !== words - 3) return;
      this.by = source;
      for (const tell of this.#waiting.splice(0)) tell(source);
    });
  }

  /** Resolves at the next one. */
  async next(): Promise<string> {
    const late = sleep(patienceMs, undefined, { ref: false }).then(() => {
      throw new Error(`nobody swept for ${patienceMs} ms`);
    });
    return Promise.race([new Promise<string>((resolve) => this.#waiting.push(resolve)), late]);
  }
}

/** Its process; its name holds the pid. */
async function leaderOf(client: Redis, crew: readonly ChildProcess[]): Promise<ChildProcess> {
  for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(50)) {
    const id = await client.hget(keyspace.leader, 'id');
    const leader = crew.find(({ pid }) => id?.includes(`-${pid}-`));
    if (leader) return leader;
  }
  throw new Error(`nobody led for ${patienceMs} ms`);
}
