import { describe, expect, it, vi } from 'vitest';
import type { ReadyReport } from '../../src/cli/process/ready-report.js';
import { DeadLetterStore } from '../../src/dead-letter/dead-letter-store.js';
import { CrashStore } from '../../src/recovery/crash-store.js';
import { QueueAdmin } from '../../src/transport/queue-admin.js';
import { useFleet } from '../fixtures/cli/fleet.js';
import { jobsFile } from '../fixtures/cli/jobs.js';
import { documentOf, untilGone } from '../fixtures/cli/processes.js';
import { eventually } from '../support/eventually.js';
import { orphan } from '../support/orphan.js';

// Processes start slowly on machines that have other things to do, too.
vi.setConfig({ testTimeout: 30_000 });
const soon = <T>(what: string, ask: () => T | Promise<T>) => eventually(what, ask, { timeoutMs: 15_000 });

const queue = 'slow';
const fleet = useFleet();
const job = (id: string) => fleet().job('linger', id);
const crashOf = (worker: string) => new CrashStore(fleet().client, fleet().keys).read(worker);

/** A job of this kind that is set aside as a suspect, for so long that it does not come back by itself. */
async function putSuspect(kind: string, payload: object): Promise<string> {
  const { client, keys } = fleet();
  const id = await fleet().enqueue(kind, payload);
  await client.lmove(keys.queue(queue, 'wait'), keys.queue(queue, 'active'), 'RIGHT', 'LEFT');
  await new QueueAdmin(client, keys, () => undefined).quarantine(orphan(queue, id, ''), {
    delayMs: 3_600_000,
    spacingMs: 5_000,
  });
  return id;
}

/** A worker process that was told to run this suspect, and the process in which it does. */
async function startLane(id: string, ...args: string[]) {
  const process = fleet().spawn(['worker', 'run', '--jobs', jobsFile, ...args], { BULWARK_LOG_FORMAT: 'json' });
  const started = await process.waitForLine(({ fields }) => fields['msg'] === 'worker.started');
  const worker = String(started.fields['worker']);
  const as = `${worker}-alone-1`;
  await fleet().store.order(worker, { kind: 'isolate', queue, jobId: id });
  return { process, worker, as };
}

/** The beat of the process that runs the suspect, when it does. */
const running = (as: string) =>
  soon('it runs alone', async () => {
    const beat = await fleet().store.beatOf(as);
    return beat?.running.length === 1 ? beat : undefined;
  });

const laneIs = (worker: string, state: string) =>
  soon(`the lane is ${state}`, async () => (await fleet().store.beatOf(worker))?.lane === state);

describe('a suspect', () => {
  it('runs in a process of its own, which ends after it', async () => {
    const id = await putSuspect('linger', { ms: 500 });
    const { process, worker, as } = await startLane(id);

    const alone = await running(as);
    await laneIs(worker, 'free');

    expect(alone).toMatchObject({ suspect: { queue, jobId: id }, state: 'quiet' });
    expect(alone.pid).not.toBe(process.pid);
    expect(await job(id)).toMatchObject({ state: 'completed', result: { pid: alone.pid }, worker: as });
    await untilGone(alone.pid);
    expect(await fleet().store.beatOf(as)).toBeUndefined();
    expect(await crashOf(as)).toBeUndefined();
  });

  it('that takes its process down takes nobody else with it, and how it ended is on record', async () => {
    const id = await putSuspect('explode', {});
    const { worker, as } = await startLane(id);

    const record = await soon('it is on record', () => crashOf(as));
    await laneIs(worker, 'free');

    expect(record).toMatchObject({ exitCode: 1, signal: null });
    expect(record.lines.join('\n')).toContain('nobody catches this');
    expect((await fleet().store.beatOf(worker))?.state).toBe('running');
  });

  it('that cannot run is dead-lettered for that, as any other job', async () => {
    const id = await putSuspect('linger', { ms: 1 });
    const { client, keys } = fleet();
    await client.hset(keys.queue(queue, id), 'data', '{"ms":"for long"}');
    const { worker } = await startLane(id);

    await soon('it has ended', async () => (await job(id)) === undefined);
    await laneIs(worker, 'free');

    expect(await new DeadLetterStore(client, keys, queue).get(id)).toMatchObject({
      reason: 'payload_invalid',
      crashes: 1,
    });
  });

  it('is waited for when its worker drains', async () => {
    const id = await putSuspect('linger', { ms: 1_000 });
    const { process, as } = await startLane(id);
    await running(as);

    process.kill('SIGTERM');

    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(await job(id)).toMatchObject({ state: 'completed' });
  });

  it('drains and ends by itself when its worker is killed: nothing is left running', async () => {
    const id = await putSuspect('linger', { ms: 1_000 });
    const { process, as } = await startLane(id);
    const { pid } = await running(as);

    process.kill('SIGKILL');
    await untilGone(pid);

    expect(await job(id)).toMatchObject({ state: 'completed' });
  });

  it('that is not there any more costs a process, and the lane is free again', async () => {
    const { worker, as, process } = await startLane('gone');

    await process.waitForLine(({ text }) => text.includes('the job it was there for is not there'), 15_000);
    await laneIs(worker, 'free');

    expect(await crashOf(as)).toBeUndefined();
  });

  it('writes nothing between the lines of a document', async () => {
    const id = await putSuspect('linger', { ms: 10 });
    const { process } = await startLane(id, '--json');

    await soon('it has ended', async () => (await job(id))?.state === 'completed');
    await process.waitForLine(({ fields }) => fields['msg'] === 'process.stopping', 15_000);

    expect((await documentOf<ReadyReport>(process)).role).toBe('worker');
  });
});
