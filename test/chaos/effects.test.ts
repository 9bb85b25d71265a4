import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const program = join(import.meta.dirname, '../../dist/bench/prove.js');
const withinMs = 60_000;

it(
  'effects happen once at a receiver that honours keys, while workers are killed, frozen and lose answers',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, 'effects', '--quick', '--json']);

    const { bulwark, lost } = JSON.parse(stdout) as { bulwark: Record<string, number>; lost: number };
    expect(lost).toBe(0);
    expect(bulwark).toMatchObject({ effectsPerJob: 1, zombieCommits: 0, racesUndecided: 0 });
    expect(bulwark['caught']).toBeGreaterThan(0);
  },
  withinMs,
);
