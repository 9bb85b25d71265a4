import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createProducer, defineJob, defineQueue } from 'bulwark';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { Keyspace } from '../../src/redis/keyspace.js';
import { startNode } from '../children.js';
import { percentile, rounded } from '../figures.js';
import { withPrivateRedis } from '../private-redis.js';
import type { Proof, ProofResult, Scenario } from '../proof.js';
import { atMost } from '../runs/bounds.js';

const cli = fileURLToPath(new URL('../../../bin/bulwark.mjs', import.meta.url));
const keyspace = new Keyspace('bulwark');
const token = 'a-token-for-the-proof';
const smallJobs = 100_000;
const largeJobs = 500;
/** What a payload of the large ones holds, in texts of a kilobyte. */
const largeKilobytes = 100;
const perPage = 25;
const windowMs = 20_000;
/** The leader renews every 500 ms a lease of 2 s: what holds its event loop up for longer than this is no small matter any more. */
const mostLoopDelayMs = 250;

const small = defineJob({
  kind: 'small',
  queue: defineQueue({ name: 'small' }),
  payload: z.looseObject({}),
  run: () => undefined,
});
const large = defineJob({
  kind: 'large',
  queue: defineQueue({ name: 'large' }),
  payload: z.looseObject({}),
  run: () => undefined,
});

/** Whether people who browse jobs hold up the leader whose port they use. */
export const board: Proof = {
  name: 'board',
  about: 'event loop of a leader while three pages of its board ask without a pause, over 100,000 jobs',
  run: (say, { quick }) =>
    withPrivateRedis(async ({ url }): Promise<ProofResult> => {
      const producer = createProducer({ redis: url });
      const parts = quick ? 100 : 1;
      for (let left = smallJobs / parts; left > 0; left -= 1_000) {
        await producer.enqueueMany(small, payloads(1_000, { to: 'x'.repeat(200) }));
      }
      for (let left = largeJobs / parts; left > 0; left -= 5) {
        const kilobytes = Array.from({ length: largeKilobytes }, () => 'x'.repeat(1_000));
        await producer.enqueueMany(large, payloads(5, { kilobytes }));
      }
      await producer.close();
      const scenarios: Scenario[] = [];
      for (const situation of situations) {
        say(`${situation.name} …`);
        scenarios.push(await measure(url, situation, quick ? 1_000 : windowMs));
      }
      const worst = Math.max(...scenarios.map(({ bulwark }) => Number(bulwark['loopDelayMaxMs'])));
      return {
        proof: 'board',
        bulwark: { loopDelayMaxMs: worst },
        scenarios,
        ...(!quick && { bounds: { loopDelayMaxMs: atMost(mostLoopDelayMs, worst) } }),
        lost: 0,
      };
    }),
};

interface Situation {
  readonly name: string;
  readonly payloads: 'hidden' | 'redacted';
  readonly pages: number;
  readonly queue: 'small' | 'large';
}

/** A queue, and how many jobs it holds. */
interface Filled {
  readonly name: string;
  readonly jobs: number;
}

const situations: readonly Situation[] = [
  { name: 'nobody browses', payloads: 'hidden', pages: 0, queue: 'small' },
  { name: '100,000 jobs', payloads: 'hidden', pages: 3, queue: 'small' },
  { name: 'payloads of 100 KB, hidden', payloads: 'hidden', pages: 3, queue: 'large' },
  { name: 'payloads of 100 KB, shown', payloads: 'redacted', pages: 3, queue: 'large' },
];

async function measure(
  url: string,
  { name, payloads: shown, pages, queue }: Situation,
  forMs: number,
): Promise<Scenario> {
  const supervisor = startNode(cli, ['supervisor', 'run', '--redis', url, '--http-port', '0'], {
    BULWARK_LOG_FORMAT: 'json',
    BULWARK_SUPERVISOR_BOARD_TOKEN: token,
    BULWARK_SUPERVISOR_BOARD_PAYLOADS: shown,
  });
  const client = new Redis(url);
  try {
    const line = await supervisor.lineThat((text) => text.includes('http.listening'), 20_000);
    await supervisor.lineThat((text) => text.includes('leader.elected'), 20_000);
    const at = `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}`;
    const filled = { name: queue, jobs: await client.llen(keyspace.queue(queue, 'wait')) };
    await browse(at, filled, 1, 1_000);
    // Each look at the metrics begins a new measurement.
    await loopDelays(at);
    const epoch = await epochOf(client);
    const answers = pages === 0 ? [] : await browse(at, filled, pages, forMs);
    if (pages === 0) await wait(forMs);
    return {
      name,
      bulwark: {
        ...(await loopDelays(at)),
        answersPerSecond: rounded((answers.length * 1_000) / forMs),
        answerP99Ms: answers.length === 0 ? 0 : rounded(percentile(answers, 0.99)),
        changesOfLeader: (await epochOf(client)) - epoch,
      },
      lost: 0,
    };
  } finally {
    client.disconnect();
    await supervisor.stop();
  }
}

/** What a page of Bull Board asks for, deep in the queue too; answers how long each answer took. */
async function browse(at: string, { name, jobs }: Filled, pages: number, forMs: number): Promise<number[]> {
  const lastPage = Math.max(1, Math.floor(jobs / perPage));
  const times: number[] = [];
  const until = performance.now() + forMs;
  const page = async () => {
    for (let turn = 1; performance.now() < until; turn += 1) {
      const status = ['latest', 'waiting'][turn % 2];
      const query = `activeQueue=${name}&status=${status}&page=${1 + ((turn * 37) % lastPage)}&jobsPerPage=${perPage}`;
      const from = performance.now();
      const answer = await fetch(`${at}/board/api/queues?${query}`, { headers: { authorization: `Bearer ${token}` } });
      const text = await answer.text();
      if (answer.status !== 200 || !text.includes('"timestamp"')) {
        throw new Error(`the board answered ${answer.status} and no jobs: ${text.slice(0, 200)}`);
      }
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: pages }, page));
  return times;
}

/** How long the event loop was held up since the last look, in ms, the 10 ms of its clock included. */
async function loopDelays(at: string): Promise<{ readonly loopDelayP99Ms: number; readonly loopDelayMaxMs: number }> {
  const text = await (await fetch(`${at}/metrics`)).text();
  const inMs = (metric: string) =>
    rounded(1_000 * Number(new RegExp(`^${metric}(?:{.*})? (\\S+)$`, 'm').exec(text)?.[1]));
  return {
    loopDelayP99Ms: inMs('nodejs_eventloop_lag_p99_seconds'),
    loopDelayMaxMs: inMs('nodejs_eventloop_lag_max_seconds'),
  };
}

async function epochOf(client: Redis): Promise<number> {
  return Number(await client.hget(keyspace.leader, 'epoch'));
}

type Payload = Readonly<Record<string, unknown>>;

function payloads(count: number, payload: Payload): Payload[] {
  return Array.from({ length: count }, () => payload);
}
