import { nextFlow, type QueueFlow } from '../../../src/flow/queue-flow.js';
import { decideReplicas, type ScaleGate } from '../../../src/scaling/decide-replicas.js';
import { decideSteady, type SteadyReplicas } from '../../../src/scaling/decide-steady.js';
import { flowSample } from '../../support/flow-sample.js';
import { seededRandom } from '../../support/seeded-random.js';

export interface SimulatedGroup {
  readonly seed: number;
  readonly seconds: number;
  readonly startWith: number;
  readonly max: number;
  readonly sloMs: number;
  readonly slotsPerWorker: number;
  /** How long a job runs, at a second. */
  readonly serviceSeconds: (second: number) => number;
  readonly arrivalsPerSecond: (second: number) => number;
  readonly gate?: (second: number) => ScaleGate;
  /** Whether somebody answers what is wanted. */
  readonly answers?: (second: number) => boolean;
}

/** What happened in one second. */
export interface SimulatedSecond {
  readonly desired: number;
  readonly replicas: number;
  readonly arrived: number;
  /** How many jobs were started after they had waited for longer than they may. */
  readonly late: number;
  readonly waiting: number;
}

const open: ScaleGate = { breakersOpen: false, redisPressure: 0 };
const downAfterMs = 60_000;
/** As in deploy/kubernetes: asked every 10 s, doubled at most each 15 s, taken away a quarter a minute after five minutes. */
const pollSeconds = 10;
const growSeconds = 15;
const shrinkSeconds = 60;
const shrinkRatio = 0.25;
const stabilizeSeconds = 300;
const podStartSeconds = 12;

/** Runs a group of workers under our decisions and an orchestrator's rules, on a clock that is only counted. */
export function simulate(group: SimulatedGroup): SimulatedSecond[] {
  const random = seededRandom(group.seed);
  const { slotsPerWorker, sloMs, gate = () => open, answers = () => true } = group;
  const history: SimulatedSecond[] = [];
  const waiting: { since: number; jobs: number }[] = [];
  const ends = new Map<number, number>();
  const pods: number[] = new Array<number>(group.startWith).fill(0);
  const asked: number[] = [];
  let [added, active, seen, grewAt, shrankAt] = [0, 0, group.startWith, 0, 0];
  let flow: QueueFlow | undefined;
  let steady: SteadyReplicas | undefined;

  for (let second = 0; second < group.seconds; second += 1) {
    const arrived = poisson(group.arrivalsPerSecond(second), random);
    added += arrived;
    if (arrived > 0) waiting.push({ since: second, jobs: arrived });
    active -= ends.get(second) ?? 0;
    ends.delete(second);
    const ready = pods.filter((readyAt) => readyAt <= second).length;
    let late = 0;
    for (let free = ready * slotsPerWorker - active; free > 0 && waiting[0]; ) {
      const [oldest] = waiting;
      const taken = Math.min(free, oldest.jobs);
      const end = second + Math.max(1, Math.round(group.serviceSeconds(second)));
      ends.set(end, (ends.get(end) ?? 0) + taken);
      if ((second - oldest.since) * 1000 > sloMs) late += taken;
      oldest.jobs -= taken;
      free -= taken;
      active += taken;
      if (oldest.jobs === 0) waiting.shift();
    }
    const backlog = waiting.reduce((sum, { jobs }) => sum + jobs, 0);
    flow = nextFlow(flow, flowSample({ added: added, waiting: backlog, active: active }), second * 1000);
    const oldestAgeMs = waiting[0] ? (second - waiting[0].since) * 1000 : 0;
    const { replicas } = decideReplicas(
      [{ queue: 'q', flow, sloMs, oldestAgeMs, slotsPerWorker }],
      ready,
      gate(second),
    );
    if (flow.knownMs > 0)
      steady = decideSteady(steady, { need: replicas, current: ready, now: second * 1000, downAfterMs });
    const desired = steady?.desired ?? ready;
    history.push({ desired, replicas: pods.length, arrived, late, waiting: backlog });

    // The orchestrator.
    if (second % pollSeconds === 0 && answers(second)) seen = desired;
    asked.push(Math.min(group.max, Math.max(1, seen)));
    const wanted = Math.max(...asked.slice(-stabilizeSeconds));
    const now = Math.min(group.max, Math.max(1, seen));
    if (now > pods.length && second - grewAt >= growSeconds) {
      grewAt = second;
      const target = Math.min(now, Math.max(2 * pods.length, pods.length + 4));
      while (pods.length < target) pods.push(second + podStartSeconds);
    } else if (wanted < pods.length && second - shrankAt >= shrinkSeconds) {
      shrankAt = second;
      pods.length = Math.max(wanted, pods.length - Math.ceil(pods.length * shrinkRatio));
    }
  }
  return history;
}

/** How many come when so many do on average; by its normal neighbour where they are many. */
function poisson(mean: number, random: () => number): number {
  if (mean > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + normal * Math.sqrt(mean)));
  }
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}
