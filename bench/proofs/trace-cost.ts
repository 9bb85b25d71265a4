import { setTimeout as sleep } from 'node:timers/promises';
import { median, rounded, spread, uncertainty } from '../figures.js';
import { type MeasuredRedis, withMeasuredRedis } from '../measured-redis.js';
import { metricsVariable } from '../peers/telemetry.js';
import type { Proof, ProofResult, Scenario } from '../proof.js';
import { atLeast } from '../runs/bounds.js';
import { type DrainFigure, type DrainFigures, type DrainPlan, drain } from '../runs/drain.js';
import { Turns } from '../runs/turns.js';
import { startTraceCollector, type TraceCollector } from '../trace-collector.js';
import { headline, shortened } from './throughput-situations.js';

/** Processes of the same program differ more than their rounds: what is certain goes by how far the crews are apart. */
const crews = 7;
const roundsOfCrew = 3;
/** Half a second of work. */
const portion = 15_000;
/** A process that begins to trace pays for it once, over its first 20,000 jobs: that is no part of what a job costs. */
const warmUp = 40_000;
/** By then a worker has sent its last spans, and is not in the way of the next one. */
const sentWithinMs = 250;
/** What metrics and traces together leave at least of the throughput without either, one job in a hundred being traced, as far as that is certain. */
const leastLeft = 0.95;

const ways = ['neither', 'metrics', 'traced1', 'traced10', 'traced100'] as const;
type Way = (typeof ways)[number];

/** Which part of the jobs is traced. */
const ratios = { traced1: 0.01, traced10: 0.1, traced100: 1 } as const;
type Traced = keyof typeof ratios;
const traced = Object.keys(ratios) as Traced[];
const isTraced = (way: Way): way is Traced => way in ratios;

const names: Readonly<Record<Way, string>> = {
  neither: 'neither metrics nor traces',
  metrics: 'metrics',
  traced1: 'metrics, and traces of 1 % of the jobs',
  traced10: 'metrics, and traces of 10 % of the jobs',
  traced100: 'metrics, and traces of all jobs',
};

const figures: readonly DrainFigure[] = ['jobsPerSecond', 'redisCpuPerJob', 'nodeCpuPerJob'];
type Round = Readonly<Record<Way, DrainFigures>>;
type Crew = readonly Round[];

/** What metrics and traces cost a worker that has nothing else to do, with a collector on the same machine. */
export const traceCost: Proof = {
  name: 'trace-cost',
  about: 'what metrics and traces, of one job in a hundred, in ten and of all, leave of throughput (4 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const collector = await startTraceCollector();
    const found: Crew[] = [];
    let lost = 0;
    try {
      for (let crew = 1; crew <= (quick ? 1 : crews); crew++) {
        const worked = await workByTurns(planFor(quick), collector);
        found.push(worked.rounds);
        lost += worked.lost;
        for (const way of ways) say(`crew ${crew}, ${names[way]}: ${told(worked.rounds, way)}`);
      }
      const { warmUp, jobs } = planFor(quick);
      for (const way of traced)
        say(
          `${names[way]}: ${collector.spansOf(way)} spans of some ${rounded(found.length * (warmUp + jobs) * ratios[way])}`,
        );
    } finally {
      collector.close();
    }
    const result = summary(found, lost, collector);
    const { surelyLeftTraced1 } = result.bulwark;
    const bounds = { surelyLeftTraced1: atLeast(leastLeft, surelyLeftTraced1) };
    return quick ? result : { ...result, bounds };
  },
};

function planFor(quick: boolean): DrainPlan {
  return quick ? shortened(headline) : { ...headline, warmUp, portion, jobs: roundsOfCrew * portion };
}

/**
 * Lets a worker of each way work off short portions, one after the other: the rounds are so short that what else happens on the machine
 * happens to all. Each has a Redis of its own.
 */
async function workByTurns(asked: DrainPlan, { urlOf }: TraceCollector) {
  const turns = new Turns(ways);
  const found = new Map<Way, DrainFigures[]>(ways.map((way) => [way, []]));
  const work = async (way: Way, redis: MeasuredRedis): Promise<number> => {
    const turn = async (run: () => Promise<DrainFigures>) => {
      const part = async () => {
        found.get(way)?.push(await run());
        if (isTraced(way)) await sleep(sentWithinMs);
      };
      await turns.take(way, part);
    };
    try {
      return (await drain('bulwark', { ...asked, env: environmentOf(way, urlOf(way)) }, redis, { turn })).lost;
    } catch (error) {
      turns.breakOff(error);
      throw error;
    }
  };
  const lost = await Promise.all(ways.map((way) => withMeasuredRedis((redis) => work(way, redis))));
  return {
    rounds: Array.from(
      { length: asked.jobs / asked.portion },
      (_, round) => Object.fromEntries(ways.map((way) => [way, found.get(way)?.[round]])) as Round,
    ),
    lost: lost.reduce((sum, each) => sum + each, 0),
  };
}

function told(rounds: Crew, way: Way): string {
  const middle = (figure: DrainFigure) => rounded(median(rounds.map((round) => round[way][figure])));
  return `${middle('jobsPerSecond')} jobs/s, ${middle('nodeCpuPerJob')} µs of Node`;
}

/**
 * Of one job in a hundred a portion makes fewer spans than a batch takes. They are sent when this has passed, several times while the portion is
 * worked off: sending is a part of the cost.
 */
const sendSoon = { OTEL_BSP_SCHEDULE_DELAY: '100' };

function environmentOf(way: Way, endpoint: string): Readonly<Record<string, string>> {
  switch (way) {
    case 'neither':
      return { [metricsVariable]: 'none' };
    case 'metrics':
      return {};
    case 'traced1':
      return sampled('0.01', endpoint);
    case 'traced10':
      return sampled('0.1', endpoint);
    case 'traced100':
      return { ...sendSoon, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  }
}

function sampled(ratio: string, endpoint: string): Readonly<Record<string, string>> {
  return {
    ...sendSoon,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: ratio,
  };
}

/** The middle of what the crews say, each the middle of its rounds: there each way is compared with its neighbour of the same round. */
function summary(found: readonly Crew[], lost: number, { spansOf }: TraceCollector): ProofResult {
  const middles = (of: (round: Round) => number) => found.map((crew) => median(crew.map(of)));
  const shares = (way: Way) => middles((round) => round[way].jobsPerSecond / round.neither.jobsPerSecond);
  const left = (way: Way) => rounded(median(shares(way)));
  const unsure = (way: Way) => Math.ceil(uncertainty(shares(way)) * 1_000) / 1_000;
  const added = (way: Way) =>
    rounded(median(middles((round) => round[way].nodeCpuPerJob - round.neither.nodeCpuPerJob)));
  return {
    proof: 'trace-cost',
    bulwark: {
      throughputLeftMetrics: left('metrics'),
      throughputLeftTraced1: left('traced1'),
      throughputLeftTraced10: left('traced10'),
      throughputLeftTraced100: left('traced100'),
      uncertaintyMetrics: unsure('metrics'),
      uncertaintyTraced1: unsure('traced1'),
      uncertaintyTraced10: unsure('traced10'),
      uncertaintyTraced100: unsure('traced100'),
      surelyLeftTraced1: rounded(median(shares('traced1')) - uncertainty(shares('traced1'))),
      nodeMicrosOfMetrics: added('metrics'),
      nodeMicrosTraced1: added('traced1'),
      nodeMicrosTraced10: added('traced10'),
      nodeMicrosTraced100: added('traced100'),
      spansTraced1: spansOf('traced1'),
      spansTraced10: spansOf('traced10'),
      spansTraced100: spansOf('traced100'),
    },
    scenarios: ways.map((way) => scenario(way, found.flat())),
    lost,
  };
}

function scenario(way: Way, found: Crew): Scenario {
  const each = (value: (values: readonly number[]) => number) =>
    Object.fromEntries(
      figures.map((figure) => [figure, rounded(value(found.map((round) => round[way][figure])))] as const),
    );
  return { name: names[way], bulwark: each(median), noise: each(spread), lost: 0 };
}
