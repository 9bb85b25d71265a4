import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { cp, rename, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort, loopback } from '../../src/redis/server/free-port.js';

/** A series as `/api/v1/query` and `/api/v1/query_range` answer it. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds since the epoch, and the value as text. */
  readonly values: readonly (readonly [number, string])[];
}

interface Answer {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data: {
    readonly resultType: string;
    readonly result: readonly {
      readonly metric: Series['metric'];
      readonly value?: Series['values'][number];
      readonly values?: Series['values'];
    }[];
  };
}

/** One process to scrape. */
export interface Target {
  readonly job: string;
  readonly port: number;
}

/** The folder of the program `prometheus` on the PATH; undefined when there is none. */
export function findPrometheus(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'prometheus'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Always fires: so that what is asked of alerts has an answer. */
const rules = `groups:
  - name: bulwark
    rules:
      - alert: BulwarkBadDay
        expr: vector(1)
        labels: { severity: info }
`;

/** A rule as `/api/v1/rules` tells of it. */
interface RuleReport {
  readonly name: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
}

/** A real Prometheus that scrapes every second and is forgotten when it ends. */
export class Prometheus {
  readonly url: string;
  readonly startedAt = Date.now() / 1_000;
  readonly #process: ChildProcess;
  readonly #targetsFile: string;

  private constructor(process: ChildProcess, url: string, targetsFile: string) {
    this.#process = process;
    this.url = url;
    this.#targetsFile = targetsFile;
  }

  /** `root` is where the repository lies: its rules are evaluated once a second, in groups that name no pace of their own. */
  static async start(program: string, folder: string, root: URL): Promise<Prometheus> {
    const port = await findFreePort();
    const targetsFile = join(folder, 'targets.json');
    await writeFile(targetsFile, '[]');
    await writeFile(join(folder, 'rules.yml'), rules);
    await cp(new URL('deploy/prometheus/rules', root), join(folder, 'rules'), { recursive: true });
    await writeFile(
      join(folder, 'prometheus.yml'),
      `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [rules.yml, rules/*.yml]
scrape_configs:
  - job_name: bulwark
    file_sd_configs: [{ files: [targets.json], refresh_interval: 1s }]
`,
    );
    const listens = `${loopback}:${port}`;
    const child = spawn(
      program,
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${listens}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const prometheus = new Prometheus(child, `http://${listens}`, targetsFile);
    await prometheus.#until('Prometheus is ready', async () => (await fetch(`${prometheus.url}/-/ready`)).ok);
    return prometheus;
  }

  /** From now on it scrapes these and no others. */
  async scrape(targets: readonly Target[]): Promise<void> {
    const groups = targets.map(({ job, port }) => ({ targets: [`${loopback}:${port}`], labels: { job } }));
    // Prometheus may read at any moment: never half of it.
    await writeFile(`${this.#targetsFile}.new`, JSON.stringify(groups));
    await rename(`${this.#targetsFile}.new`, this.#targetsFile);
  }

  /** Values at one time; now when none is given. */
  async query(expr: string, at?: number): Promise<readonly Series[]> {
    return this.#ask('query', { query: expr, ...(at !== undefined && { time: String(at) }) });
  }

  /** Values from one time to another, in seconds since the epoch. */
  async queryRange(expr: string, start: number, end: number, stepS: number): Promise<readonly Series[]> {
    return this.#ask('query_range', { query: expr, start: String(start), end: String(end), step: String(stepS) });
  }

  /** What is wrong with the rules of deploy/prometheus: those that cannot be evaluated, and groups in which one could not at some time. */
  async ruleFaults(): Promise<readonly string[]> {
    // A group has its turn within its interval, of half a minute at most.
    const isEvaluated = ({ health }: RuleReport) => health !== 'unknown';
    await this.#until('every rule is evaluated', async () => (await this.#rules()).every(isEvaluated), 45_000);
    const ownMetrics = await (await fetch(`${this.url}/metrics`)).text();
    return [
      ...(await this.#rules())
        .filter(({ health }) => health !== 'ok')
        .map(({ name, lastError }) => `${name} cannot be evaluated: ${lastError}`),
      ...ownMetrics.split('\n').filter((line) => /^prometheus_rule_evaluation_failures_total\{.*\} [^0]/.test(line)),
    ];
  }

  /** Waits until an expression has an answer: `sum(x_total) > 0`. */
  async sees(expr: string, timeoutMs = 60_000): Promise<void> {
    await this.#until(expr, async () => (await this.query(expr)).length > 0, timeoutMs);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }

  async #rules(): Promise<readonly RuleReport[]> {
    const answer = (await (await fetch(`${this.url}/api/v1/rules`)).json()) as {
      readonly data: { readonly groups: readonly { readonly rules: readonly RuleReport[] }[] };
    };
    return answer.data.groups.flatMap(({ rules }) => rules);
  }

  async #ask(path: string, parameters: Readonly<Record<string, string>>): Promise<readonly Series[]> {
    const response = await fetch(`${this.url}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    });
    const { status, error, data } = (await response.json()) as Answer;
    if (status === 'error') throw new Error(`Prometheus refused ${parameters['query']}: ${error}`);
    return data.result.map(({ metric, value, values }) => ({ metric, values: values ?? (value ? [value] : []) }));
  }

  async #until(what: string, holds: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const answer = await holds().catch((error: unknown) => error as Error);
      if (answer === true) return;
      if (performance.now() > deadline) {
        const why = answer instanceof Error ? answer.message : 'no answer';
        throw new Error(`not within ${timeoutMs} ms: ${what} (${why})`);
      }
      await sleep(100);
    }
  }
}
