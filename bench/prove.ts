import { watchMachine } from './machine.js';
import { markdown } from './markdown.js';
import type { Proof, ProofResult } from './proof.js';
import { adaptive } from './proofs/adaptive.js';
import { blocked } from './proofs/blocked.js';
import { brownout } from './proofs/brownout.js';
import { callCost } from './proofs/call-cost.js';
import { clockJump } from './proofs/clock-jump.js';
import { cost } from './proofs/cost.js';
import { effects } from './proofs/effects.js';
import { enqueue } from './proofs/enqueue.js';
import { flaky } from './proofs/flaky.js';
import { fleet } from './proofs/fleet.js';
import { freeze } from './proofs/freeze.js';
import { idle } from './proofs/idle.js';
import { kill } from './proofs/kill.js';
import { latency } from './proofs/latency.js';
import { leader } from './proofs/leader.js';
import { memory } from './proofs/memory.js';
import { oneBadWorker } from './proofs/one-bad-worker.js';
import { outage } from './proofs/outage.js';
import { overload } from './proofs/overload.js';
import { partition } from './proofs/partition.js';
import { poison } from './proofs/poison.js';
import { profile } from './proofs/profile.js';
import { redisFailover } from './proofs/redis-failover.js';
import { redisRestart } from './proofs/redis-restart.js';
import { scale } from './proofs/scale.js';
import { scrape } from './proofs/scrape.js';
import { shedCost } from './proofs/shed-cost.js';
import { start } from './proofs/start.js';
import { tenants } from './proofs/tenants.js';
import { throughput } from './proofs/throughput.js';
import { traceCost } from './proofs/trace-cost.js';
import { report } from './report.js';

const proofs: readonly Proof[] = [
  throughput,
  enqueue,
  latency,
  idle,
  cost,
  callCost,
  traceCost,
  start,
  kill,
  fleet,
  leader,
  blocked,
  poison,
  flaky,
  effects,
  outage,
  oneBadWorker,
  freeze,
  partition,
  redisRestart,
  redisFailover,
  clockJump,
  overload,
  brownout,
  memory,
  tenants,
  scale,
  adaptive,
  shedCost,
  scrape,
  profile,
];
const flags = ['--json', '--markdown', '--quick'];

/** Runs one proof and prints what it found: for eyes, with `--json` as one JSON object, with `--markdown` as docs/performance.md shows it. */
async function prove(args: readonly string[]): Promise<number> {
  const [name, ...more] = args.filter((arg) => !flags.includes(arg));
  const proof = proofs.find((candidate) => candidate.name === name);
  if (!proof || more.length > 0) {
    const known = proofs.map(({ name: known, about }) => `  ${known.padEnd(15)} ${about}`).join('\n');
    process.stderr.write(`usage: npm run prove -- <name> [--json | --markdown] [--quick]\n\n${known}\n`);
    return name === undefined || name === 'help' ? 0 : 2;
  }
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const machine = watchMachine();
  const found = await proof.run(say, { quick: args.includes('--quick') });
  const result: ProofResult = { ...found, machine: machine() };
  process.stdout.write(render(result, args));
  return holds(result) ? 0 : 1;
}

function render(result: ProofResult, args: readonly string[]): string {
  if (args.includes('--json')) return `${JSON.stringify(result)}\n`;
  return args.includes('--markdown') ? markdown(result) : report(result);
}

/** Whether all that was promised held, in every situation, and no job was lost. */
function holds(result: ProofResult): boolean {
  return [result, ...(result.scenarios ?? [])].every(
    ({ bounds, lost }) => lost === 0 && Object.values(bounds ?? {}).every(({ held }) => held),
  );
}

process.exitCode = await prove(process.argv.slice(2));
