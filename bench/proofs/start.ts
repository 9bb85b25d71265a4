import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNode } from '../children.js';
import type { Proof, ProofResult } from '../proof.js';

const cli = fileURLToPath(new URL('../../../bin/bulwark.mjs', import.meta.url));
const runs = 5;
const readyWithinMs = 30_000;
const mostMs = 5_000;

/** How long it takes from `npm start` on an installed clone until the pool is ready: Redis, supervisor and two workers. */
export const start: Proof = {
  name: 'start',
  about: 'time from `up` until Redis, a supervisor and two workers are ready',
  run: async (say): Promise<ProofResult> => {
    const times: number[] = [];
    for (let run = 1; run <= runs; run++) {
      const folder = await mkdtemp(join(tmpdir(), 'bulwark-start-'));
      const startedAt = performance.now();
      const pool = startNode(cli, ['up', '--workers', '2', '--http-port', '0', '--data-dir', folder]);
      try {
        await pool.lineThat((line) => line.includes(' is up. '), readyWithinMs);
        times.push(performance.now() - startedAt);
        say(`run ${run} of ${runs}: ${Math.round(times.at(-1) ?? 0)} ms`);
      } finally {
        await pool.stop();
        await rm(folder, { recursive: true, force: true });
      }
    }
    times.sort((a, b) => a - b);
    const readyMs = Math.round(times[Math.floor(runs / 2)] ?? 0);
    return {
      proof: 'start',
      bulwark: { readyMs, slowestMs: Math.round(times.at(-1) ?? 0), runs },
      lost: 0,
      bounds: { readyMs: { limit: mostMs, held: readyMs < mostMs } },
    };
  },
};
