import { connect, type Socket } from 'node:net';
import { connectionName } from '../../src/recovery/connections.js';
import { beatTtlMs, headFirst, type WorkerBeat } from '../../src/recovery/worker-beat.js';
import { Keyspace } from '../../src/redis/keyspace.js';
import type { EpochMs } from '../../src/time/duration.js';

/**
 * Many workers as Redis sees them: each holds a named connection and beats once a second on it. They speak Redis' protocol by hand,
 * because thousands of clients would need more of the machine than what is measured.
 */
interface Simulated {
  readonly id: string;
  readonly socket: Socket;
  readonly connection: number;
  beats: number;
}

const keyspace = new Keyspace('bulwark');
const beatMs = 1_000;
/** Beats leave in so many portions an interval, as workers that started one by one send them. */
const portions = 100;
const beatsPerListing = 4;
const connectAtOnce = 50;
const startedAt = Date.now() as EpochMs;

const [, , url = '', from, count] = process.argv;
const { hostname: host, port } = new URL(url);

function words(...given: readonly (string | number)[]): string {
  const bulk = given.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`);
  return `*${bulk.length}\r\n${bulk.join('')}`;
}

/** Opens a connection and waits for its first answer that fits. */
function open(greeting: string, answer: RegExp): Promise<{ readonly socket: Socket; readonly found: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), noDelay: true }, () => socket.write(greeting));
    let said = '';
    socket.once('error', reject);
    socket.on('data', function listen(data) {
      said += data.toString();
      if (said.startsWith('-')) return reject(new Error(said));
      const found = answer.exec(said)?.[1];
      if (found === undefined) return;
      socket.off('data', listen).resume();
      resolve({ socket, found });
    });
  });
}

async function join(number: number): Promise<Simulated> {
  const id = `simulated-${number}-5f3a9c1d`;
  const greeting = words('CLIENT', 'SETNAME', connectionName(id)) + words('CLIENT', 'ID');
  const { socket, found } = await open(greeting, /^\+OK\r\n:(\d+)\r\n/);
  return { id, socket, connection: Number(found), beats: 0 };
}

function beatOf({ id, connection, beats }: Simulated): WorkerBeat {
  return {
    id,
    host: 'worker-7d9f8b6c5-x2x4z',
    pid: 17,
    version: '0.1.0',
    startedAt,
    connection,
    state: 'running',
    kinds: ['webhook-deliver', 'document-digest'],
    queues: [
      { name: 'webhooks', slots: 50, busy: beats % 50 },
      { name: 'documents', slots: 5, busy: 1 },
    ],
    rssBytes: 90_000_000 + beats,
    loopDelayMs: beats % 40,
    running: [1, 2].map((place) => ({
      id: `a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1${place}`,
      queue: 'webhooks',
      kind: 'webhook-deliver',
      startedAt,
    })),
  };
}

const workers: Simulated[] = [];
for (let joined = 0; joined < Number(count); joined += connectAtOnce) {
  const numbers = Array.from({ length: Math.min(connectAtOnce, Number(count) - joined) }, (_, place) => joined + place);
  workers.push(...(await Promise.all(numbers.map((number) => join(Number(from) + number)))));
}

function beat(worker: Simulated): void {
  const text = JSON.stringify(headFirst(beatOf(worker)));
  worker.socket.write(words('SET', keyspace.worker(worker.id), text, 'PX', beatTtlMs, 'GET'));
  if (worker.beats++ % beatsPerListing === 0) worker.socket.write(words('SADD', keyspace.workers, worker.id));
}

const beginning = performance.now();
let sent = 0;
let isReady = false;
setInterval(() => {
  for (; sent < (performance.now() - beginning) / (beatMs / portions); sent++) {
    for (let place = sent % portions; place < workers.length; place += portions) {
      const worker = workers[place];
      if (worker) beat(worker);
    }
  }
  if (isReady || sent <= portions) return;
  isReady = true;
  process.send?.('ready');
}, beatMs / portions);
process.once('disconnect', () => process.exit());
