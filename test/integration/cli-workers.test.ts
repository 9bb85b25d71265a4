import { describe, expect, it, vi } from 'vitest';
import type { WorkerView } from '../../src/cli/status/read-workers.js';
import type { OrderedWorker } from '../../src/cli/workers/order-workers.js';
import { useFleet } from '../fixtures/cli/fleet.js';
import { eventually } from '../support/eventually.js';
import { workerBeat } from '../support/worker-beat.js';

// Processes start slowly on machines that have other things to do, too.
vi.setConfig({ testTimeout: 30_000 });

interface Answer {
  readonly workers: readonly OrderedWorker[];
  readonly dryRun: boolean;
}

const fleet = useFleet();
const cli = (...argv: string[]) => fleet().cli(...argv);
const order = (verb: string, ...argv: string[]) => fleet().answer<Answer>('worker', verb, ...argv);
const listed = async () => (await fleet().answer<{ workers: WorkerView[] }>('worker', 'ls')).document.workers;
const startWorker = () => fleet().startWorker();
const enqueue = (kind: string, payload: object) => fleet().enqueue(kind, payload);
const beat = (...told: Parameters<typeof workerBeat>) => fleet().store.beat(workerBeat(...told), true);

describe('worker ls', () => {
  it('shows all workers and what they do, in the order of their start', async () => {
    const first = await startWorker();
    const second = await startWorker();
    await enqueue('linger', { ms: 60_000 });
    await eventually('one is busy', async () => (await listed()).some(({ busy }) => busy === 1));

    const { code, stdout } = await cli('worker', 'ls');

    expect(code).toBe(0);
    expect(stdout).toMatch(/^ID +PID +STATE/);
    expect(stdout).toContain('linger');
    expect((await listed()).map(({ id }) => id)).toEqual([first.id, second.id]);
  });

  it('says so when there is none', async () => {
    expect(await cli('worker', 'ls')).toMatchObject({ code: 0, stdout: 'no workers: jobs wait until one runs\n' });
  });
});

describe('worker quiet', () => {
  it('lets a worker take no more jobs, while its process stays', async () => {
    const { id } = await startWorker();

    const { code, document } = await order('quiet', id);
    await enqueue('echo', { word: 'a' });

    expect({ code, document }).toEqual({ code: 0, document: { workers: [{ id, followed: true }], dryRun: false } });
    expect(await listed()).toMatchObject([{ id, state: 'quiet' }]);
    expect((await cli('worker', 'quiet', id)).stdout).toBe(`${id} takes no more jobs\n`);
  });
});

describe('worker drain', () => {
  it('lets workers finish what they run and end, all of them when asked to', async () => {
    const { jobs, producer } = fleet();
    const workers = [await startWorker(), await startWorker()];
    const [lingers] = await producer.enqueueMany(jobs.require('linger'), [{ ms: 1_000 }] as never);
    await eventually('one is busy', async () => (await listed()).some(({ busy }) => busy === 1));

    const { code, document } = await order('drain', '--all');

    expect(code).toBe(0);
    expect(document.workers.every(({ followed }) => followed)).toBe(true);
    expect(await Promise.all(workers.map(({ process }) => process.exited))).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
    if (!lingers) throw new Error('one job');
    expect(await producer.wait(lingers)).toMatchObject({ pid: expect.any(Number) });
    expect(await listed()).toEqual([]);
  });
});

describe('worker restart', () => {
  it('lets a worker without a keeper drain and end: its orchestrator starts another', async () => {
    const { process, id } = await startWorker();

    const { code, stdout } = await cli('worker', 'restart', id);

    expect({ code, stdout }).toEqual({ code: 0, stdout: `${id} gave way to another, or drains\n` });
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(process.text('stderr')).toContain('an operator asked for it');
  });
});

describe('an order to workers', () => {
  const beating = (...ids: string[]) => Promise.all(ids.map((id) => beat(id)));

  it.each(['quiet', 'drain', 'restart'])('to %s can be rehearsed, and nobody is told then', async (verb) => {
    await beating('host-1-ab', 'host-2-cd');

    const { code, document } = await order(verb, '--all', '--dry-run');

    expect({ code, document: { ...document, workers: document.workers.map(({ id }) => id).sort() } }).toEqual({
      code: 0,
      document: { workers: ['host-1-ab', 'host-2-cd'], dryRun: true },
    });
    expect(await fleet().client.keys(`*${fleet().keys.namespace}*orders*`)).toEqual([]);
  });

  it('takes the beginning of an id for the whole, where it is the only one', async () => {
    await beating('host-1-ab', 'host-2-cd');

    expect((await order('quiet', 'host-1', '--dry-run')).document.workers).toMatchObject([{ id: 'host-1-ab' }]);
  });

  it.each<[string, string[], string]>([
    ['nobody', [], 'say which workers: their ids, or --all'],
    ['both some and all', ['host-1-ab', '--all'], 'say which workers: their ids, or --all'],
    ['one that nobody knows', ['host-1-ac'], 'no worker host-1-ac beats; did you mean host-1-ab?'],
    ['one of several', ['host'], 'host may be host-'],
  ])('names %s and is refused', async (_what, args, message) => {
    await beating('host-1-ab', 'host-2-cd');

    const { code, stderr } = await cli('worker', 'drain', ...args);

    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('says who has not followed in time', async () => {
    await beating('frozen');

    const { code, stdout } = await cli('worker', 'quiet', 'frozen', '--timeout', '200ms');

    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: 'frozen was told to take no more jobs, and has not followed yet\n',
    });
    expect(await fleet().store.beat(workerBeat('frozen'), false)).toEqual([{ kind: 'quiet' }]);
  });

  it('is given again to a worker that has not followed: its answer may have been lost', async () => {
    await beating('forgetful');
    const ordering = order('quiet', 'forgetful');

    await eventually('it is told', async () => (await fleet().store.beat(workerBeat('forgetful'), false)).length > 0);
    await eventually(
      'it is told again',
      async () => (await fleet().store.beat(workerBeat('forgetful'), false)).length > 0,
    );
    await fleet().store.beat(workerBeat('forgetful', { state: 'quiet' }), false);

    expect((await ordering).document.workers).toEqual([{ id: 'forgetful', followed: true }]);
  });

  it('leaves alone the processes that are there for one suspect', async () => {
    await beat('w1-alone-1', { suspect: { queue: 'q', jobId: '42' } });

    expect((await cli('worker', 'drain', '--all')).stdout).toBe('no workers\n');
  });
});
