import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Keyspace } from '../../src/redis/keyspace.js';
import { encodeDirective, type ShedDirective } from '../../src/shedding/directive.js';
import { median, rounded, spread } from '../figures.js';
import { type MeasuredRedis, withMeasuredRedis } from '../measured-redis.js';
import type { Proof, ProofResult } from '../proof.js';
import { measureAdmission, nothingSheds, otherClassSheds } from '../runs/admission-micros.js';
import { atMost } from '../runs/bounds.js';
import { drain } from '../runs/drain.js';
import { type FillPlan, fill } from '../runs/fill.js';
import { headline, shortened } from './throughput-situations.js';

const rounds = 3;
const fillPlan: FillPlan = { jobs: 40_000, batch: 1, lanes: 50, payloadBytes: 1_024, onDisk: false };
/** A worker asks once a second what is shed, and a producer when it enqueues. */
const heardMs = 2_500;
const directiveTtlMs = 600_000;
const mostShare = 0.02;
const bounded = [
  'workerShareCalm',
  'workerShareShedding',
  'workerShareAmongThem',
  'workerShareTenantless',
  'producerShareCalm',
  'producerShareShedding',
  'producerShareAmongThem',
  'producerShareTenantless',
] as const;

/** What overload control takes of a worker's and of a producer's time, while nothing is shed and while others' work is. */
export const shedCost: Proof = {
  name: 'shed-cost',
  about: 'what admission and class checks take of a job’s time, while nothing is shed and while something is (3 min)',
  run: (say, { quick }) =>
    withMeasuredRedis(async (redis): Promise<ProofResult> => {
      const micros = await measureAdmission(quick);
      const pairs = await alternate(redis, quick, say);
      const perJob = {
        worker: median(pairs.calm.map(({ worker }) => worker.nodeCpuPerJob)),
        producer: median(pairs.calm.map(({ producer }) => producer.nodeCpuPerJob)),
      };
      const figures = {
        workerMicrosCalm: micro(micros.worker.calm),
        workerMicrosShedding: micro(micros.worker.shedding),
        workerMicrosAmongThem: micro(micros.worker.amongThem),
        workerMicrosTenantless: micro(micros.worker.tenantless),
        producerMicrosCalm: micro(micros.producer.calm),
        producerMicrosShedding: micro(micros.producer.shedding),
        producerMicrosAmongThem: micro(micros.producer.amongThem),
        producerMicrosTenantless: micro(micros.producer.tenantless),
        workerNodeMicrosPerJob: rounded(perJob.worker),
        producerNodeMicrosPerJob: rounded(perJob.producer),
        workerShareCalm: share(micros.worker.calm, perJob.worker),
        workerShareShedding: share(micros.worker.shedding, perJob.worker),
        workerShareAmongThem: share(micros.worker.amongThem, perJob.worker),
        workerShareTenantless: share(micros.worker.tenantless, perJob.worker),
        producerShareCalm: share(micros.producer.calm, perJob.producer),
        producerShareShedding: share(micros.producer.shedding, perJob.producer),
        producerShareAmongThem: share(micros.producer.amongThem, perJob.producer),
        producerShareTenantless: share(micros.producer.tenantless, perJob.producer),
        workerThroughputCostShedding: cost(pairs, (run) => 1 / run.worker.jobsPerSecond),
        workerNodeCpuCostShedding: cost(pairs, (run) => run.worker.nodeCpuPerJob),
        producerThroughputCostShedding: cost(pairs, (run) => 1 / run.producer.jobsPerSecond),
        producerNodeCpuCostShedding: cost(pairs, (run) => run.producer.nodeCpuPerJob),
      };
      return {
        proof: 'shed-cost',
        bulwark: figures,
        noise: {
          workerThroughputCostShedding: rounded(spread(pairs.calm.map(({ worker }) => worker.jobsPerSecond))),
          producerThroughputCostShedding: rounded(spread(pairs.calm.map(({ producer }) => producer.jobsPerSecond))),
        },
        ...(!quick && {
          bounds: Object.fromEntries(bounded.map((figure) => [figure, atMost(mostShare, figures[figure])])),
        }),
        lost: pairs.lost,
      };
    }),
};

interface Run {
  readonly worker: Awaited<ReturnType<typeof drain>>['figures'];
  readonly producer: Awaited<ReturnType<typeof fill>>['figures'];
}

interface Pairs {
  readonly calm: Run[];
  readonly shedding: Run[];
  readonly lost: number;
}

/** In turn, and each first as often as second, so that whatever else happens on the machine happens to both. */
async function alternate(redis: MeasuredRedis, quick: boolean, tell: (line: string) => void): Promise<Pairs> {
  const found = { calm: [] as Run[], shedding: [] as Run[], lost: 0 };
  for (let round = 1; round <= (quick ? 1 : rounds); round++) {
    const order = round % 2 === 0 ? (['calm', 'shedding'] as const) : (['shedding', 'calm'] as const);
    for (const kind of order) {
      // Both wait: a process that was idle for a while has thrown away some of what it had compiled.
      const before = () => say(kind === 'calm' ? nothingSheds : otherClassSheds, redis.url);
      const worker = await drain('bulwark', quick ? shortened(headline) : headline, redis, { before });
      const producer = await fill('bulwark', quick ? { ...fillPlan, jobs: 400 } : fillPlan, redis, { before });
      found[kind].push({ worker: worker.figures, producer: producer.figures });
      found.lost += worker.lost + producer.lost;
      const [ran, came] = [worker.figures.jobsPerSecond, producer.figures.jobsPerSecond];
      tell(`round ${round}, ${kind}: ${rounded(ran)} jobs/s run, ${rounded(came)} enqueued`);
    }
  }
  return found;
}

/** Says what is shed, and waits until everybody has heard. The measured queue is of a class that goes on. */
async function say(directive: ShedDirective, url: string): Promise<void> {
  const client = new Redis(url);
  await client.set(new Keyspace('bulwark').shedDirective, encodeDirective(directive), 'PX', directiveTtlMs);
  client.disconnect();
  await sleep(heardMs);
}

function micro(samples: readonly number[]): number {
  return Math.round(median(samples) * 1_000) / 1_000;
}

function share(samples: readonly number[], microsPerJob: number): number {
  return Math.round((median(samples) / microsPerJob) * 10_000) / 10_000;
}

/** The middle of what the rounds say, each compared with its neighbour. Below zero: less than what the machine varies by. */
function cost({ calm, shedding }: Pairs, effort: (run: Run) => number): number {
  const costs = calm.flatMap((run, round) => {
    const beside = shedding[round];
    return beside === undefined ? [] : [effort(beside) / effort(run) - 1];
  });
  return Math.round(median(costs) * 10_000) / 10_000;
}
