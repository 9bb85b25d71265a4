import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Target } from './prometheus.js';

export type PoolRole = 'worker' | 'supervisor';

/** A process of the pool, as an operator starts it, with the port of its metrics. */
export interface PoolProcess extends Target {
  readonly job: PoolRole;
  kill(): void;
}

/** The processes of one pool, to be started and killed. */
export class PoolProcesses {
  readonly #cli: string;
  readonly #kinds: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #children = new Set<ChildProcess>();

  /** @param root - where the repository lies, with what was built of it. */
  constructor(root: URL, settings: Readonly<Record<string, string>>) {
    this.#cli = fileURLToPath(new URL('bin/bulwark.mjs', root));
    this.#kinds = fileURLToPath(new URL('dist/bench/bad-day/kinds.js', root));
    this.#env = { ...process.env, ...settings, BULWARK_HTTP_PORT: '0', BULWARK_LOG_FORMAT: 'json' };
  }

  /** Starts one; resolves when it serves its metrics. */
  async start(job: PoolRole): Promise<PoolProcess> {
    const args = job === 'worker' ? ['worker', 'run', '--jobs', this.#kinds] : ['supervisor', 'run'];
    const child = spawn(process.execPath, [this.#cli, ...args], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.add(child);
    const lines = createInterface({ input: child.stdout });
    const port = await new Promise<number>((resolve, reject) => {
      lines.on('line', (line) => {
        const { msg, port } = parse(line);
        if (msg === 'http.listening') resolve(Number(port));
      });
      child.once('exit', (code, signal) => reject(new Error(`the ${job} ended with ${signal ?? code}`)));
    });
    return { job, port, kill: () => child.kill('SIGKILL') };
  }

  async end(): Promise<void> {
    const running = [...this.#children].filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(
      running.map(async (child) => {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }),
    );
  }
}

function parse(line: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(line)) as Record<string, unknown>;
  } catch {
    // Not a line of the log.
    return {};
  }
}
