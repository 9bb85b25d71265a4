import { describe, expect, it, vi } from 'vitest';
import type { CancelResult } from '../../src/cli/jobs/cancel-job.js';
import { useFleet } from '../fixtures/cli/fleet.js';

// Processes start slowly on machines that have other things to do, too.
vi.setConfig({ testTimeout: 30_000 });

const fleet = useFleet();
const cli = (...argv: string[]) => fleet().cli(...argv);
const cancel = (...argv: string[]) => fleet().answer<CancelResult & { dryRun: boolean }>('job', 'cancel', ...argv);
const letterOf = async (id: string) => (await fleet().answer<{ letter: object }>('dlq', 'show', id)).document;
const startBusy = (kind: string, ms: number) => fleet().startBusy(kind, ms, { BULWARK_WORKER_ABORT_GRACE: '300ms' });

describe('job cancel', () => {
  it('dead-letters a job that waits, with the reason given, and says how to find it', async () => {
    const id = await fleet().enqueue('echo', { word: 'a' }, { delay: '1h' });

    const { code, stdout } = await cli('job', 'cancel', id, '--why', 'wrong customer');

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `called off ${id}: it lies among the dead letters of quick\n`,
    });
    expect((await cli('dlq', 'show', id)).stdout).toContain('wrong customer');
  });

  it('calls off a job that runs in a process of another host, as far as it can tell', async () => {
    const { id, worker } = await startBusy('linger', 60_000);

    const { code, document } = await cancel(id, '--why', 'wrong customer');

    expect({ code, document }).toMatchObject({
      code: 0,
      document: { id, queue: 'slow', outcome: 'cancelled', worker },
    });
    expect(JSON.stringify(await letterOf(id))).toContain('wrong customer');
  });

  it('gives up on a handler that hears nothing, and the job is dead-lettered all the same', async () => {
    const { id } = await startBusy('deaf', 20_000);

    const { code, document } = await cancel(id);

    expect({ code, document }).toMatchObject({ code: 0, document: { outcome: 'cancelled' } });
  });

  it('says so when it did not end in time: its handler holds up the event loop', async () => {
    const { id, worker } = await startBusy('hog', 4_000);

    const { code, document } = await cancel(id, '--timeout', '500ms');

    expect({ code, document }).toMatchObject({ code: 1, document: { outcome: 'still_running', worker } });
  });

  it('changes nothing on a rehearsal', async () => {
    const { id, worker } = await startBusy('linger', 60_000);
    const waiting = await fleet().enqueue('linger', { ms: 1 }, { delay: '1h' });

    const running = await cancel(id, '--dry-run');
    const other = await cli('job', 'cancel', waiting, '--dry-run');

    expect(running).toMatchObject({ code: 0, document: { outcome: 'still_running', worker, dryRun: true } });
    expect(other).toMatchObject({ code: 0, stdout: `would dead-letter ${waiting} of slow, which waits\n` });
    expect((await cli('job', 'show', id)).stdout).toContain('active');
    expect((await cli('job', 'show', waiting)).stdout).toContain('delayed');
  });

  it('calls off a job whose worker died with it, as soon as that is known', async () => {
    const { process, id } = await startBusy('linger', 60_000);
    await fleet().startSupervisor();

    process.kill('SIGKILL');
    const { code, document } = await cancel(id);

    expect({ code, document }).toMatchObject({ code: 0, document: { outcome: 'cancelled' } });
  });

  it('finds nothing to call off in a job that has completed, and says so', async () => {
    const { jobs, producer } = fleet();
    await fleet().startWorker();
    const done = await producer.enqueue(jobs.require('echo'), { word: 'a' } as never);
    await producer.wait(done);

    expect(await cli('job', 'cancel', done.id)).toMatchObject({
      code: 1,
      stdout: `nothing to call off: ${done.id} is completed\n`,
    });
  });

  it('says the same of a job that was called off already: it lies among the dead letters', async () => {
    const id = await fleet().enqueue('echo', { word: 'a' });
    await cancel(id);

    expect(await cancel(id)).toMatchObject({ code: 0, document: { outcome: 'cancelled' } });
  });

  it('leaves alone what a plain BullMQ worker runs', async () => {
    const id = await fleet().enqueue('echo', { word: 'a' });
    const { client, keys } = fleet();
    await client.lmove(keys.queue('quick', 'wait'), keys.queue('quick', 'active'), 'RIGHT', 'LEFT');
    await client.set(keys.queue('quick', `${id}:lock`), '1c0e5b2a-plain:7');

    expect(await cancel(id)).toMatchObject({ code: 1, document: { outcome: 'not_ours' } });
  });

  it('asks which is meant when an id is in two queues', async () => {
    const id = await fleet().enqueue('echo', { word: 'a' });
    await fleet().enqueue('linger', { ms: 1 });
    const { client, keys } = fleet();
    await client.copy(keys.queue('quick', id), keys.queue('slow', id));
    await client.lpush(keys.queue('slow', 'wait'), id);

    const { code, stderr } = await cli('job', 'cancel', id);

    expect(code).toBe(2);
    expect(stderr).toContain(`job ${id} is in quick and slow; say which with --queue`);
    expect(await cancel(id, '--queue', 'slow')).toMatchObject({ code: 0, document: { queue: 'slow' } });
    expect((await cli('job', 'show', id, '--queue', 'quick')).stdout).toContain('waiting');
  });

  it('does not know a job that is nowhere', async () => {
    await fleet().enqueue('echo', { word: 'a' });

    const { code, stderr } = await cli('job', 'cancel', 'nowhere');

    expect(code).toBe(1);
    expect(stderr).toContain('nowhere');
  });
});
