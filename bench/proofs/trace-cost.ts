import { median, rounded, spread } from '../figures.js';
import { withMeasuredRedis } from '../measured-redis.js';
import { metricsVariable } from '../peers/telemetry.js';
import type { Proof, ProofResult, Scenario } from '../proof.js';
import { atLeast, atMost } from '../runs/bounds.js';
import { drain } from '../runs/drain.js';
import { startTraceCollector } from '../trace-collector.js';
import { headline, shortened } from './throughput-situations.js';

const rounds = 5;
/** What metrics and traces together may leave of the throughput without either, one job in a hundred being traced. */
const leastLeft = 0.95;
/** Where rounds lie further apart than what is promised may take, nothing is shown, whichever way the medians fall. */
const mostNoise = 0.05;

const ways = ['neither', 'metrics', 'traced1', 'traced100'] as const;
type Way = (typeof ways)[number];

const names: Readonly<Record<Way, string>> = {
  neither: 'neither metrics nor traces',
  metrics: 'metrics',
  traced1: 'metrics, and traces of 1 % of the jobs',
  traced100: 'metrics, and traces of all jobs',
};

type Figure = 'jobsPerSecond' | 'redisCpuPerJob' | 'nodeCpuPerJob';
type Round = Readonly<Record<Way, Readonly<Record<Figure, number>>>>;

/** What metrics and traces cost a worker that has nothing else to do, with a collector on the same machine. */
export const traceCost: Proof = {
  name: 'trace-cost',
  about: 'what metrics and traces, of one job in a hundred and of all, leave of throughput (3 min)',
  run: (say, { quick }) =>
    withMeasuredRedis(async (redis): Promise<ProofResult> => {
      const collector = await startTraceCollector();
      const asked = quick ? shortened(headline) : headline;
      const found: Round[] = [];
      let lost = 0;
      try {
        for (let round = 1; round <= (quick ? 1 : rounds); round++) {
          const entries: [Way, Readonly<Record<Figure, number>>][] = [];
          for (const way of turned(ways, round)) {
            const sample = await drain('bulwark', { ...asked, env: environmentOf(way, collector.url) }, redis);
            lost += sample.lost;
            entries.push([way, sample.figures]);
            const { jobsPerSecond, nodeCpuPerJob } = sample.figures;
            say(
              `${names[way]}, round ${round}: ${rounded(jobsPerSecond)} jobs/s, ${rounded(nodeCpuPerJob)} µs of Node`,
            );
          }
          found.push(Object.fromEntries(entries) as Round);
        }
        say(`the collector received ${rounded(collector.bytes() / 1e6)} MB`);
      } finally {
        collector.close();
      }
      const result = summary(found, lost);
      const { throughputLeftTraced1, noiseOfThroughput } = result.bulwark;
      const bounds = {
        throughputLeftTraced1: atLeast(leastLeft, throughputLeftTraced1),
        noiseOfThroughput: atMost(mostNoise, noiseOfThroughput),
      };
      return quick ? result : { ...result, bounds };
    }),
};

/** Begins with another one each round, so that none always follows the same. */
function turned<T>(list: readonly T[], round: number): readonly T[] {
  const from = round % list.length;
  return [...list.slice(from), ...list.slice(0, from)];
}

/** The first spans are sent during the warm-up: sending for the first time takes a while, and is no cost of a job. */
const sendSoon = { OTEL_BSP_SCHEDULE_DELAY: '500' };

function environmentOf(way: Way, endpoint: string): Readonly<Record<string, string>> {
  switch (way) {
    case 'neither':
      return { [metricsVariable]: 'none' };
    case 'metrics':
      return {};
    case 'traced1':
      return {
        ...sendSoon,
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.01',
      };
    case 'traced100':
      return { ...sendSoon, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  }
}

/** Medians against medians, as all proofs that compare. */
function summary(found: readonly Round[], lost: number): ProofResult {
  const values = (way: Way, figure: Figure) => found.map((round) => round[way][figure]);
  const middle = (way: Way, figure: Figure) => median(values(way, figure));
  const left = (way: Way) => rounded(middle(way, 'jobsPerSecond') / middle('neither', 'jobsPerSecond'));
  const added = (way: Way) => rounded(middle(way, 'nodeCpuPerJob') - middle('neither', 'nodeCpuPerJob'));
  const noise = (way: Way) => spread(values(way, 'jobsPerSecond'));
  return {
    proof: 'trace-cost',
    bulwark: {
      throughputLeftMetrics: left('metrics'),
      throughputLeftTraced1: left('traced1'),
      throughputLeftTraced100: left('traced100'),
      noiseOfThroughput: rounded(Math.max(noise('neither'), noise('traced1'))),
      nodeMicrosOfMetrics: added('metrics'),
      nodeMicrosTraced1: added('traced1'),
      nodeMicrosTraced100: added('traced100'),
    },
    scenarios: ways.map((way) => scenario(way, found)),
    lost,
  };
}

function scenario(way: Way, found: readonly Round[]): Scenario {
  const figures: readonly Figure[] = ['jobsPerSecond', 'redisCpuPerJob', 'nodeCpuPerJob'];
  const each = (value: (values: readonly number[]) => number) =>
    Object.fromEntries(
      figures.map((figure) => [figure, rounded(value(found.map((round) => round[way][figure])))] as const),
    );
  return { name: names[way], bulwark: each(median), noise: each(spread), lost: 0 };
}
