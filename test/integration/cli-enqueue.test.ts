import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { jobsFile } from '../fixtures/cli/jobs.js';
import { useNamespace } from '../fixtures/cli/namespace.js';
import { quickPace } from '../fixtures/cli/processes.js';
import { type OutputLine, type RunningProcess, spawnBulwark } from '../support/processes.js';
import { temporaryFolder } from '../support/temp-folder.js';

// Processes start slowly on machines that have other things to do, too.
vi.setConfig({ testTimeout: 30_000 });

const pool = useNamespace();
let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

/** Runs it in this test, so file names have to be whole. */
const enqueue = (...args: string[]) => pool().cli('enqueue', ...args, '--jobs', jobsFile);

/** Runs it in a process of its own, in the folder of this test. */
const bulwark = (...args: string[]): RunningProcess =>
  spawnBulwark(args, { cwd: folder, env: { ...quickPace, ...pool().env } });

async function startWorker(...args: string[]): Promise<void> {
  const worker = bulwark('worker', 'run', ...args);
  await worker.waitForLine(({ fields }: OutputLine) => fields['msg'] === 'worker.started', 20_000);
}

function writeLines(...lines: string[]): string {
  const file = join(folder, 'words.jsonl');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** Everything that was written in this test's namespace. */
async function ownKeys(): Promise<string[]> {
  const { client, keys } = pool();
  return (await client.keys('*')).filter((key) => [':', '}'].some((end) => key.startsWith(`{${keys.namespace}${end}`)));
}

/** How many jobs were written. */
const written = (queue: string): Promise<number> => pool().client.llen(pool().keys.queue(queue, 'wait'));

describe('enqueue', () => {
  it('puts a job into its queue and tells its id', async () => {
    const { client, keys } = pool();

    const { code, stdout } = await enqueue('echo', '{"word":"hi"}');

    const [, id = ''] = /^1 job enqueued in queue quick: (\w+)$/m.exec(stdout) ?? [];
    expect(code).toBe(0);
    expect(await client.hget(keys.queue('quick', id), 'data')).toBe('{"word":"hi"}');
  });

  it('writes one job for the same key', async () => {
    const answers: unknown[] = [];
    for (const _again of [1, 2]) {
      const { stdout } = await enqueue('echo', '{"word":"a"}', '--key', 'order-1', '--tenant', 'acme', '--json');
      answers.push(JSON.parse(stdout));
    }

    const id = expect.any(String);
    expect(answers).toMatchObject([
      { enqueued: 1, known: 0, jobs: [{ id, duplicate: false }] },
      { enqueued: 0, known: 1, jobs: [{ id, duplicate: true }] },
    ]);
    expect(await written('quick')).toBe(1);
  });

  it('refuses a key that was given to another payload', async () => {
    await enqueue('echo', '{"word":"a"}', '--key', 'order-1');

    const { code, stderr } = await enqueue('echo', '{"word":"b"}', '--key', 'order-1');

    expect(code).toBe(1);
    expect(stderr).toContain('"order-1"');
    expect(stderr).toContain('BULWARK_KEY_CONFLICT');
    expect(await written('quick')).toBe(1);
  });

  it('delays and orders as it is told', async () => {
    const { client, keys } = pool();

    await enqueue('echo', '{"word":"later"}', '--delay', '1h');
    await enqueue('echo', '{"word":"second"}', '--priority', '2');

    expect(await client.zcard(keys.queue('quick', 'delayed'))).toBe(1);
    expect(await client.zcard(keys.queue('quick', 'prioritized'))).toBe(1);
  });

  it('writes nothing when a line of a file is not valid, and names every such line', async () => {
    const file = writeLines('{"word":"a"}', '{"word":7}', 'nonsense', '{"word":"b","times":0}');

    const { code, stderr } = await enqueue('echo', '--file', file);

    expect(code).toBe(2);
    for (const fault of ['line 2: word: ', 'line 3: is not JSON', 'line 4: times: ']) {
      expect(stderr).toContain(fault);
    }
    expect(await ownKeys()).toEqual([]);
  });

  it.each<[string, string[], RegExp]>([
    ['an unknown kind', ['ecko', '{}'], /unknown kind "ecko"; known kinds: .*\becho, .*did you mean echo\?/],
    ['a payload that does not fit', ['echo', '{"word":1}'], /does not fit its schema.*\n +word: /],
    ['text that is no JSON', ['echo', '{word}'], /is not JSON/],
  ])('refuses %s with exit code 2 and writes nothing', async (_title, args, message) => {
    const { code, stderr } = await enqueue(...args);

    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(await ownKeys()).toEqual([]);
  });

  it('refuses a key for many jobs with exit code 2 and writes nothing', async () => {
    const file = writeLines('{"word":"a"}', '{"word":"b"}');

    const { code, stderr } = await enqueue('echo', '--file', file, '--key', 'k');

    expect(code).toBe(2);
    expect(stderr).toMatch(/--key is the identity of one job, and there are 2/);
    expect(await ownKeys()).toEqual([]);
  });
});

describe('enqueue --wait', () => {
  it('waits for every job, shows the results in order, and sums up', async () => {
    await startWorker('--jobs', jobsFile);
    const file = writeLines('{"word":"a"}', '{"word":"b","times":3}');

    const { code, stdout, stderr } = await enqueue('echo', '--file', file, '--wait');

    const results = stdout.trim().split('\n');
    expect(code).toBe(0);
    expect(results.map((line): unknown => JSON.parse(line))).toMatchObject([
      { source: 'line 1', state: 'completed', result: { said: 'a' } },
      { source: 'line 2', state: 'completed', result: { said: 'bbb' } },
    ]);
    expect(stderr).toMatch(/^2 enqueued, 2 completed, 0 dead-lettered in \S+\n$/);
  });

  it('exits with 1 when a job died, and says where to look', async () => {
    await startWorker('--jobs', jobsFile);

    const { code, stdout, stderr } = await enqueue('refuse', '{"why":"no paper"}', '--wait', '--json');

    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      enqueued: 1,
      completed: 0,
      deadLettered: 1,
      end: 'all_ended',
      jobs: [{ state: 'dead_lettered', reason: 'permanent_error', error: 'no paper' }],
    });
    expect(stderr).toContain('`bulwark dlq ls quick` says why they died');
  });

  it('says that nobody will do the job, stops when time is up, and leaves the job', async () => {
    const { code, stderr } = await enqueue('echo', '{"word":"a"}', '--wait', '--timeout', '300ms');

    expect(code).toBe(1);
    expect(stderr).toContain('no living worker knows echo');
    expect(stderr).toMatch(/1 enqueued, 0 completed, 0 dead-lettered, 1 not ended yet in/);
    expect(stderr).toContain('1 job goes on');
    expect(await written('quick')).toBe(1);
  });

  it('says that the queue is paused', async () => {
    await enqueue('echo', '{"word":"a"}');
    await pool().cli('queue', 'pause', 'quick');

    const { stderr } = await enqueue('echo', '{"word":"b"}', '--wait', '--timeout', '200ms');

    expect(stderr).toContain('queue quick is paused');
  });

  it('ends the wait and not the job on Ctrl-C', async () => {
    const command = bulwark('enqueue', 'echo', '{"word":"a"}', '--jobs', jobsFile, '--wait');
    await command.waitForLine(({ text }) => text.includes('no living worker'));

    command.kill('SIGINT');
    const { code } = await command.exited;

    expect(code).toBe(130);
    expect(command.text('stderr')).toContain('no longer waiting; 1 job goes on');
    expect(await written('quick')).toBe(1);
  });
});

describe('enqueue document-digest', () => {
  it('digests every file of a pattern with the kinds that ship, and shows a table', async () => {
    mkdirSync(join(folder, 'docs'));
    writeFileSync(
      join(folder, 'a.md'),
      '# Alpha\n\nWorkers take jobs from queues. A queue gives its jobs to workers.\n',
    );
    writeFileSync(
      join(folder, 'docs', 'b.md'),
      '# Beta\n\nThe supervisor watches the workers and repairs the fleet.\n',
    );
    await startWorker();

    const command = bulwark('enqueue', 'document-digest', '--glob', '**/*.md', '--wait');
    const { code } = await command.exited;

    const lines = command.text('stdout').split('\n');
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^FILE +TITLE +LANGUAGE +WORDS +TOP TERMS$/);
    expect(lines[1]).toMatch(/^a\.md +Alpha +en +\d+ +\S/);
    expect(lines[2]).toMatch(/^docs\/b\.md +Beta +en +\d+ +\S/);
    expect(command.text('stderr')).toMatch(/^2 enqueued, 2 completed, 0 dead-lettered in \S+$/);
  });
});
