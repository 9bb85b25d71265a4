import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Comparison, ProofResult } from '../../bench/proof.js';

const program = join(import.meta.dirname, '../../dist/bench/prove.js');
const withinMs = 180_000;

/** The proof as its own program tells it; a quick one measures too little to promise anything. */
function prove(name: string): Promise<ProofResult> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, name, '--quick', '--json'], (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(JSON.parse(stdout) as ProofResult);
    });
  });
}

function figuresOf(comparisons: readonly Comparison[]): unknown[] {
  return comparisons.flatMap(({ bulwark, bullmq = {}, beeQueue = {}, ratio = {} }) =>
    [bulwark, bullmq, beeQueue, ratio].flatMap((figures) => Object.values(figures)),
  );
}

it.each([
  ['throughput', 11, ['jobsPerSecond', 'redisCpuPerJob', 'nodeCpuPerJob', 'jobsPerSecondAtConcurrency1']],
  ['enqueue', 4, ['jobsPerSecond', 'enqueueManyPerSecond']],
  ['latency', 2, ['p50Ms', 'p99Ms']],
] as const)(
  'proves %s beside plain BullMQ in every situation, and no job is lost',
  async (name, situations, ratios) => {
    const result = await prove(name);

    expect(result).toMatchObject({ proof: name, lost: 0 });
    expect(result.scenarios).toHaveLength(situations);
    expect(Object.keys(result.ratio ?? {})).toEqual(expect.arrayContaining([...ratios]));
    for (const figure of figuresOf([result, ...(result.scenarios ?? [])])) {
      expect(figure).toEqual(expect.any(Number));
      expect(figure).toBeGreaterThan(0);
    }
  },
  withinMs,
);

it(
  'profiles the commands of Redis and the functions of Node',
  async () => {
    const result = await prove('profile');

    expect(result).toMatchObject({ proof: 'profile', lost: 0 });
    for (const { bulwark } of result.scenarios ?? []) {
      expect(Object.keys(bulwark)).toContain('redis evalsha');
      expect(Object.keys(bulwark)).toContainEqual(expect.stringMatching(/^node /));
    }
  },
  withinMs,
);
