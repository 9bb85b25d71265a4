import { median, rounded, spread } from '../figures.js';
import { withMeasuredRedis } from '../measured-redis.js';
import { metricsVariable } from '../peers/telemetry.js';
import type { Proof, ProofResult, Scenario } from '../proof.js';
import { atLeast } from '../runs/bounds.js';
import { type DrainPlan, drain } from '../runs/drain.js';
import { startTraceCollector } from '../trace-collector.js';
import { headline, shortened } from './throughput-situations.js';

const rounds = 5;
/** What metrics and traces together may leave of the throughput without either, one job in a hundred being traced. */
const leastLeft = 0.95;
const plan: DrainPlan = { ...headline, jobs: 15_000, portion: 15_000 };

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
      const asked = quick ? shortened(plan) : plan;
      const found: Round[] = [];
      let lost = 0;
      try {
        for (let round = 1; round <= (quick ? 1 : rounds); round++) {
          const entries: [Way, Readonly<Record<Figure, number>>][] = [];
          for (const way of ways) {
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
      const { throughputLeftTraced1 } = result.bulwark;
      return quick
        ? result
        : { ...result, bounds: { throughputLeftTraced1: atLeast(leastLeft, throughputLeftTraced1) } };
    }),
};

function environmentOf(way: Way, endpoint: string): Readonly<Record<string, string>> {
  switch (way) {
    case 'neither':
      return { [metricsVariable]: 'none' };
    case 'metrics':
      return {};
    case 'traced1':
      return {
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.01',
      };
    case 'traced100':
      return { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  }
}

/** What is left is taken round by round, since the machine may have changed in between. */
function summary(found: readonly Round[], lost: number): ProofResult {
  const left = (way: Way) =>
    rounded(median(found.map((round) => round[way].jobsPerSecond / round.neither.jobsPerSecond)));
  const added = (way: Way) =>
    rounded(median(found.map((round) => round[way].nodeCpuPerJob - round.neither.nodeCpuPerJob)));
  return {
    proof: 'trace-cost',
    bulwark: {
      throughputLeftMetrics: left('metrics'),
      throughputLeftTraced1: left('traced1'),
      throughputLeftTraced100: left('traced100'),
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
