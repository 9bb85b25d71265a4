import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Keyspace } from '../../src/redis/keyspace.js';
import { jobsFile } from '../fixtures/cli/jobs.js';
import { quickPace } from '../fixtures/cli/processes.js';
import { type OutputLine, type RunningProcess, spawnBulwark } from '../support/processes.js';
import { startRedis, type TestRedis } from '../support/redis-server.js';
import { temporaryFolder } from '../support/temp-folder.js';

// Processes start slowly on machines that have other things to do, too.
vi.setConfig({ testTimeout: 30_000 });

let server: TestRedis;
let client: Redis;
let folder: string;
let keys: Keyspace;
let tests = 0;

beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});
beforeEach(() => {
  tests += 1;
  keys = new Keyspace(`test-${tests}`);
  folder = temporaryFolder();
});

const bulwark = (...args: string[]): RunningProcess =>
  spawnBulwark(args, {
    cwd: folder,
    env: { ...quickPace, BULWARK_REDIS_URL: server.url, BULWARK_REDIS_NAMESPACE: keys.namespace },
  });

const enqueue = (...args: string[]): RunningProcess => bulwark('enqueue', ...args, '--jobs', jobsFile);

async function startWorker(...args: string[]): Promise<RunningProcess> {
  const worker = bulwark('worker', 'run', '--jobs', jobsFile, ...args);
  await worker.waitForLine(({ fields }: OutputLine) => fields['msg'] === 'worker.started', 20_000);
  return worker;
}

/** Everything that was written in this test's namespace. */
const ownKeys = async (): Promise<string[]> =>
  (await client.keys('*')).filter(
    (key) => key.startsWith(`{${keys.namespace}:`) || key.startsWith(`{${keys.namespace}}`),
  );

/** How many jobs were written. */
const written = (queue: string): Promise<number> => client.llen(keys.queue(queue, 'wait'));

describe('enqueue', () => {
  it('puts a job into its queue and tells its id', async () => {
    const command = enqueue('echo', '{"word":"hi"}');

    const { code } = await command.exited;

    const [, id = ''] = /^1 job enqueued in queue quick: (\w+)$/.exec(command.text('stdout')) ?? [];
    expect(code).toBe(0);
    expect(await client.hget(keys.queue('quick', id), 'data')).toBe('{"word":"hi"}');
  });

  it('writes one job for the same key', async () => {
    const answers: unknown[] = [];
    for (const _again of [1, 2]) {
      const command = enqueue('echo', '{"word":"a"}', '--key', 'order-1', '--tenant', 'acme', '--json');
      await command.exited;
      answers.push(JSON.parse(command.text('stdout')));
    }

    const id = expect.any(String);
    expect(answers).toMatchObject([
      { enqueued: 1, known: 0, jobs: [{ id, duplicate: false }] },
      { enqueued: 0, known: 1, jobs: [{ id, duplicate: true }] },
    ]);
    expect(await written('quick')).toBe(1);
  });

  it('refuses a key that was given to another payload', async () => {
    await enqueue('echo', '{"word":"a"}', '--key', 'order-1').exited;

    const refused = enqueue('echo', '{"word":"b"}', '--key', 'order-1');

    expect((await refused.exited).code).toBe(1);
    expect(refused.text('stderr')).toContain('"order-1"');
    expect(refused.text('stderr')).toContain('BULWARK_KEY_CONFLICT');
    expect(await written('quick')).toBe(1);
  });

  it('delays and orders as it is told', async () => {
    await enqueue('echo', '{"word":"later"}', '--delay', '1h').exited;
    await enqueue('echo', '{"word":"second"}', '--priority', '2').exited;

    expect(await client.zcard(keys.queue('quick', 'delayed'))).toBe(1);
    expect(await client.zcard(keys.queue('quick', 'prioritized'))).toBe(1);
  });

  it('writes nothing when a line of a file is not valid, and names every such line', async () => {
    writeFileSync(join(folder, 'words.jsonl'), '{"word":"a"}\n{"word":7}\nnonsense\n{"word":"b","times":0}\n');

    const command = enqueue('echo', '--file', 'words.jsonl');
    const { code } = await command.exited;

    expect(code).toBe(2);
    for (const fault of ['line 2: word: ', 'line 3: is not JSON', 'line 4: times: ']) {
      expect(command.text('stderr')).toContain(fault);
    }
    expect(await ownKeys()).toEqual([]);
  });

  it.each<[string, string[], RegExp]>([
    ['an unknown kind', ['ecko', '{}'], /unknown kind "ecko"; known kinds: .*\becho, .*did you mean echo\?/],
    ['a payload that does not fit', ['echo', '{"word":1}'], /does not fit its schema.*\n +word: /],
    ['text that is no JSON', ['echo', '{word}'], /is not JSON/],
    [
      'a key for many jobs',
      ['echo', '--file', 'two.jsonl', '--key', 'k'],
      /--key is the identity of one job, and there are 2/,
    ],
  ])('refuses %s with exit code 2 and writes nothing', async (_title, args, message) => {
    writeFileSync(join(folder, 'two.jsonl'), '{"word":"a"}\n{"word":"b"}\n');

    const command = enqueue(...args);
    const { code } = await command.exited;

    expect(code).toBe(2);
    expect(command.text('stderr')).toMatch(message);
    expect(await ownKeys()).toEqual([]);
  });
});

describe('enqueue --wait', () => {
  it('waits for every job, shows the results in order, and sums up', async () => {
    await startWorker();
    writeFileSync(join(folder, 'words.jsonl'), '{"word":"a"}\n{"word":"b","times":3}\n');

    const command = enqueue('echo', '--file', 'words.jsonl', '--wait');
    const { code } = await command.exited;

    const results = command.lines.filter(({ stream }) => stream === 'stdout').map(({ fields }) => fields);
    expect(code).toBe(0);
    expect(results).toMatchObject([
      { source: 'line 1', state: 'completed', result: { said: 'a' } },
      { source: 'line 2', state: 'completed', result: { said: 'bbb' } },
    ]);
    expect(command.text('stderr')).toMatch(/^2 enqueued, 2 completed, 0 dead-lettered in \S+$/);
  });

  it('exits with 1 when a job died, and says where to look', async () => {
    await startWorker();

    const command = enqueue('refuse', '{"why":"no paper"}', '--wait', '--json');
    const { code } = await command.exited;

    expect(code).toBe(1);
    expect(JSON.parse(command.text('stdout'))).toMatchObject({
      enqueued: 1,
      completed: 0,
      deadLettered: 1,
      end: 'all_ended',
      jobs: [{ state: 'dead_lettered', reason: 'permanent_error', error: 'no paper' }],
    });
    expect(command.text('stderr')).toContain('`bulwark dlq ls quick` says why they died');
  });

  it('says that nobody will do the job, stops when time is up, and leaves the job', async () => {
    const command = enqueue('echo', '{"word":"a"}', '--wait', '--timeout', '300ms');
    const { code } = await command.exited;

    expect(code).toBe(1);
    expect(command.text('stderr')).toContain('no living worker knows echo');
    expect(command.text('stderr')).toMatch(/1 enqueued, 0 completed, 0 dead-lettered, 1 not ended yet in/);
    expect(command.text('stderr')).toContain('1 job goes on');
    expect(await written('quick')).toBe(1);
  });

  it('says that the queue is paused', async () => {
    await enqueue('echo', '{"word":"a"}').exited;
    await bulwark('queue', 'pause', 'quick').exited;

    const command = enqueue('echo', '{"word":"b"}', '--wait', '--timeout', '200ms');
    await command.exited;

    expect(command.text('stderr')).toContain('queue quick is paused');
  });

  it('ends the wait and not the job on Ctrl-C', async () => {
    const command = enqueue('echo', '{"word":"a"}', '--wait');
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
    const worker = bulwark('worker', 'run');
    await worker.waitForLine(({ fields }) => fields['msg'] === 'worker.started', 20_000);

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
