import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectionName } from '../../../src/recovery/connections.js';
import { DeathWatch } from '../../../src/recovery/death-watch.js';
import { smallFleet } from '../../../src/recovery/decide-look.js';
import { FleetStore } from '../../../src/recovery/fleet-store.js';
import { FleetView } from '../../../src/recovery/fleet-view.js';
import { beatTtlMs } from '../../../src/recovery/worker-beat.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { systemClock } from '../../../src/time/clock.js';
import { eventually } from '../../support/eventually.js';
import { workerBeat } from '../../support/worker-beat.js';
import { recordLog, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const store = () => new FleetStore(pool().client, pool().keyspace);

/** A watch on a connection of its own, which has connected before anybody beats. `deaths` is whom it told of. */
async function startWatch({ lateMs = 2_500 } = {}) {
  await pool().client.flushall();
  const client = new Redis(pool().url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  client.on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  await client.ping();
  const deaths: string[] = [];
  const { log, said } = recordLog();
  const metrics = createMetrics({ role: 'supervisor', version: '1.2.3' });
  const fleet = new FleetStore(client, pool().keyspace);
  const watch = new DeathWatch({
    client,
    fleet,
    view: new FleetView(fleet, systemClock),
    clock: systemClock,
    pace: { watchMs: 0, lateMs },
    log,
    metrics,
    onDeath: async (workers) => {
      deaths.push(...workers);
    },
  });
  const look = () => watch.look(new AbortController().signal);
  // The age of a beat is told in whole milliseconds: what is written in the one in which the watch began would not count.
  const began = systemClock.elapsed();
  await eventually('a beat is later than the watch', () => systemClock.elapsed() > began + 2);
  return { client, look, deaths, said, metrics };
}

/** A worker's connection, named as workers name it, and one beat that tells of it. */
async function connectWorker(id: string) {
  const client = new Redis(pool().url, { connectionName: connectionName(id), retryStrategy: () => 20 });
  client.on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  const beat = async (): Promise<number> => {
    const connection = await client.client('ID');
    await store().beat(workerBeat(id, { connection }), true);
    return connection;
  };
  return { client, beat, connection: await beat() };
}

/** Ends a connection for good, as the end of its process does. */
async function dies({ client, connection }: { readonly client: Redis; readonly connection: number }): Promise<void> {
  client.disconnect();
  await eventually('Redis has dropped it', async () => {
    return (await pool().client.client('LIST', 'ID', connection)) === '';
  });
}

describe('a worker whose connections are gone', () => {
  it('is dead, and told of once', async () => {
    const { look, deaths, metrics } = await startWatch();
    const [victim] = [await connectWorker('w1'), await connectWorker('w2')];
    await look();
    const before = [...deaths];

    await dies(victim);
    await look();
    await look();

    expect(before).toEqual([]);
    expect(deaths).toEqual(['w1']);
    expect(await metrics.render()).toMatch(/^bulwark_workers_vanished_total\{verdict="dead",role="supervisor"\} 1$/m);
  });

  it('is found among those that started after the last look', async () => {
    const { look, deaths } = await startWatch();
    await look();

    await dies(await connectWorker('w1'));
    await look();

    expect(deaths).toEqual(['w1']);
  });

  it('lives when it connects again at once, and is watched under its new number', async () => {
    const { look, deaths, metrics } = await startWatch();
    const worker = await connectWorker('w1');
    await look();

    await pool().client.client('KILL', 'ID', worker.connection);
    await look();
    const afterwards = [...deaths];
    const connection = await worker.beat();
    await dies({ client: worker.client, connection });
    await look();

    expect(afterwards).toEqual([]);
    expect(deaths).toEqual(['w1']);
    expect(await metrics.render()).toMatch(/^bulwark_workers_vanished_total\{verdict="back",role="supervisor"\} 1$/m);
  });

  it('is left to its beat for a while after it was late: it may give up connections that had gone silent', async () => {
    const { look, deaths } = await startWatch({ lateMs: 400 });
    const [back, steady] = [await connectWorker('back'), await connectWorker('steady')];
    const beatAt = systemClock.elapsed();
    await eventually('one is late', async () => {
      await steady.beat();
      return systemClock.elapsed() > beatAt + 450;
    });
    await look();

    await back.beat();
    await dies(back);
    await look();
    expect(deaths).toEqual([]);

    await dies(steady);
    await look();
    expect(deaths).toEqual(['steady']);
  });

  it('is left to its beat when it was silent before: its way to Redis broke, and may be mended', async () => {
    const { look, deaths } = await startWatch({ lateMs: 50 });
    const worker = await connectWorker('w1');
    const beatAt = systemClock.elapsed();
    await eventually('it is late', () => systemClock.elapsed() > beatAt + 60);

    await dies(worker);
    await look();

    expect(deaths).toEqual([]);
  });

  it('lives while another connection of it stands', async () => {
    const { look, deaths } = await startWatch();
    const worker = await connectWorker('w1');
    const bell = new Redis(pool().url, { connectionName: `${connectionName('w1')}:email` });
    onTestFinished(() => bell.disconnect());
    await bell.ping();

    await dies(worker);
    await look();

    expect(deaths).toEqual([]);
  });

  it('is not looked for under a number from before the watch was connected', async () => {
    const { look, deaths } = await startWatch();
    await store().beat(workerBeat('w1', { connection: 987_654 }), true);
    await pool().client.pexpire(pool().keyspace.worker('w1'), beatTtlMs - 10_000);

    await look();

    expect(deaths).toEqual([]);
  });

  it.each([null, 'seven', -1, 0, 1.5])('is found although another beat names the connection %j', async (connection) => {
    const { look, deaths } = await startWatch();
    await store().beat(workerBeat('odd', { connection: connection as number }), true);

    await dies(await connectWorker('w1'));
    await look();

    expect(deaths).toEqual(['w1']);
  });

  it('is left alone when it said farewell', async () => {
    const { look, deaths } = await startWatch();
    const worker = await connectWorker('w1');
    await look();

    await store().farewell('w1');
    await dies(worker);
    await look();

    expect(deaths).toEqual([]);
  });
});

describe('many that vanish together', () => {
  it('are left to their silence, and an alarm says so once', async () => {
    const { look, deaths, said } = await startWatch();
    const workers = await Promise.all(['w1', 'w2', 'w3', 'w4'].map(connectWorker));
    await look();

    for (const worker of workers) await dies(worker);
    await look();
    await look();

    expect(deaths).toEqual([]);
    expect(said('workers.vanished_together')).toEqual([expect.objectContaining({ workers: 4, of: 4 })]);
  });

  it('are left to their silence also when only one had vanished at first', async () => {
    const { client, look, deaths } = await startWatch();
    const workers = await Promise.all(['w1', 'w2', 'w3', 'w4'].map(connectWorker));
    await look();
    const [first, ...others] = workers;
    if (!first) throw new Error('four workers');
    await dies(first);

    const looking = look();
    await eventually('the watch has looked for the first time', async () => {
      const list = String(await pool().client.client('LIST'));
      return list.includes(`id=${await client.client('ID')} `) && Promise.all(others.map(dies));
    });
    await looking;

    expect(deaths).toEqual([]);
  });

  it('are not dead when Redis restarted and forgot all connections, nor is one that came back under another number', async () => {
    const { client, look, deaths, said } = await startWatch();
    const workers = [await connectWorker('w1'), await connectWorker('w2')];
    await look();

    await pool().server.kill();
    await pool().server.restart();
    await eventually('the watch is connected again', () => client.status === 'ready');
    await eventually('the workers are', () => workers.every((worker) => worker.client.status === 'ready'));
    // Beats that name connections nobody has.
    for (const [index, { connection }] of workers.entries())
      await store().beat(workerBeat(`w${index + 1}`, { connection: connection + 900 }), true);
    await look();

    expect(deaths).toEqual([]);
    expect(said('worker.died')).toEqual([]);
  });
});

describe('in a large fleet', () => {
  /** More than are asked for one by one, on as many connections. */
  async function connectFleet() {
    const watch = await startWatch();
    const workers = await Promise.all(
      Array.from({ length: smallFleet + 20 }, (_, index) => connectWorker(`w${index}`)),
    );
    await watch.look();
    /** How often somebody asked for connections since the last time. */
    const questions = async () => {
      const stats = await pool().client.info('commandstats');
      await pool().client.config('RESETSTAT');
      return Number(/cmdstat_client\|list:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    await questions();
    await watch.look();
    await questions();
    return { ...watch, workers, questions };
  }

  it('nobody is asked for while Redis loses no connection, and who dies is found at once', async () => {
    const { look, deaths, workers, questions } = await connectFleet();
    await look();
    await look();
    const whileCalm = await questions();
    const [victim] = workers;
    if (!victim) throw new Error('a worker');

    // `dies` asks too.
    victim.client.disconnect();
    await eventually('it is found', () => look().then(() => deaths.length > 0));

    expect(whileCalm).toBe(0);
    expect(deaths).toEqual(['w0']);
  });

  it('who came since the fleet was read, and died, is found as well', async () => {
    const { look, deaths } = await connectFleet();

    await dies(await connectWorker('late'));
    await eventually('it is found', () => look().then(() => deaths.length > 0));

    expect(deaths).toEqual(['late']);
  });

  it('connections of others that come and go do no harm', async () => {
    const { look, deaths } = await connectFleet();
    const passer = new Redis(pool().url);
    await passer.ping();
    passer.disconnect();

    for (let times = 0; times < 5; times++) await look();

    expect(deaths).toEqual([]);
  });

  it('hundreds that said farewell together are not taken for a broken network', async () => {
    const { look, deaths, said, workers } = await connectFleet();

    for (const [index, { client }] of workers.entries()) {
      await store().farewell(`w${index}`);
      client.disconnect();
    }
    await look();

    expect(deaths).toEqual([]);
    expect(said('workers.vanished_together')).toEqual([]);
  });
});
