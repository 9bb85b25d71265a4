import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PrivateRedis } from '../private-redis.js';
import { readProcess } from '../process-figures.js';
import { countDeaths, type Deaths, type KillPlan } from './kills.js';
import { startProgram } from './programs.js';

/** A large fleet, of which a few workers are real and are killed. */
export interface FleetPlan {
  /** So many beat and do nothing else. */
  readonly simulated: number;
  readonly kills: number;
  /** So many other connections come and go meanwhile, as those of commands and short-lived producers do. */
  readonly passingPerSecond: number;
  /** For how long processor time is counted, while nobody dies. */
  readonly windowMs: number;
}

export interface FleetCosts extends Deaths {
  /** Parts of one core. */
  readonly leaderCpu: number;
  readonly leaderCpuWhileKilling: number;
  readonly redisCpuForBeats: number;
  readonly redisCpuWithLeader: number;
  readonly leaderRssBytes: number;
}

const simulatedPerProcess = 2_500;
/** For the code to be compiled, and for the first look at everybody to be over. */
const settleMs = 10_000;
const slots = 5;
const patienceMs = 20_000;

/** Lets one leader watch the fleet, and counts what that costs it and Redis. */
export async function watchFleet(
  { simulated, kills, passingPerSecond, windowMs }: FleetPlan,
  { url, pid }: PrivateRedis,
  say: (line: string) => void,
): Promise<FleetCosts> {
  const crowd = await startCrowd(url, simulated);
  const passing = letConnectionsPass(url, passingPerSecond);
  try {
    await sleep(settleMs);
    const [redisCpuForBeats = 0] = await shares([pid], windowMs);
    say(`${simulated} workers beat: ${percent(redisCpuForBeats)} of a core of Redis`);
    const leader = { cpu: 0, rssBytes: 0, startedAt: 0, cpuSeconds: 0, cpuWhileKilling: 0 };
    let redisCpuWithLeader = 0;
    const plan: KillPlan = { kills, concurrency: slots, patienceMs, replaceLater: true };
    const deaths = await countDeaths('bulwark', plan, url, say, {
      before: async (supervisor = -1) => {
        await sleep(settleMs);
        [leader.cpu = 0, redisCpuWithLeader = 0] = await shares([supervisor, pid], windowMs);
        say(`the leader: ${percent(leader.cpu)} of a core; Redis with it: ${percent(redisCpuWithLeader)}`);
        leader.startedAt = performance.now();
        leader.cpuSeconds = readProcess(supervisor).cpuSeconds;
      },
      after: async (supervisor = -1) => {
        const { cpuSeconds, rssBytes } = readProcess(supervisor);
        leader.cpuWhileKilling = ((cpuSeconds - leader.cpuSeconds) * 1_000) / (performance.now() - leader.startedAt);
        leader.rssBytes = rssBytes;
      },
    });
    return {
      ...deaths,
      leaderCpu: leader.cpu,
      leaderCpuWhileKilling: leader.cpuWhileKilling,
      leaderRssBytes: leader.rssBytes,
      redisCpuForBeats,
      redisCpuWithLeader,
    };
  } finally {
    passing.end();
    for (const process of crowd) process.kill('SIGKILL');
  }
}

/** Resolves when all of them beat. */
function startCrowd(url: string, simulated: number): Promise<ChildProcess[]> {
  const processes = Math.ceil(simulated / simulatedPerProcess);
  return Promise.all(
    Array.from({ length: processes }, (_, place) => {
      const from = place * simulatedPerProcess;
      const count = Math.min(simulatedPerProcess, simulated - from);
      return startProgram('simulated-workers', [url, String(from), String(count)]);
    }),
  );
}

function letConnectionsPass(url: string, perSecond: number): { end(): void } {
  const { hostname: host, port } = new URL(url);
  const pass = () => {
    const socket = connect({ host, port: Number(port) }, () => socket.end('PING\r\n'));
    socket.on('error', () => undefined).resume();
  };
  const timer = perSecond > 0 ? setInterval(pass, 1_000 / perSecond) : undefined;
  return { end: () => clearInterval(timer) };
}

/** What part of a core each of these processes uses from now on for so long. */
async function shares(pids: readonly number[], ms: number): Promise<number[]> {
  const used = () => pids.map((pid) => readProcess(pid).cpuSeconds);
  const [before, from] = [used(), performance.now()];
  await sleep(ms);
  const seconds = (performance.now() - from) / 1_000;
  return used().map((after, place) => (after - (before[place] ?? 0)) / seconds);
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}
