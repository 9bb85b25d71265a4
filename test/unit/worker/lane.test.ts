import { describe, expect, it } from 'vitest';
import type { CrashRecord } from '../../../src/recovery/crash-record.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { Lane, type Suspect } from '../../../src/worker/lane.js';
import { recordingLog } from '../service/recording-log.js';

const suspect: Suspect = { queue: 'email', jobId: '42' };
const crash: CrashRecord = { exitCode: null, signal: 'SIGSEGV', endedAt: 1 as EpochMs, lines: ['last words'] };

/** A lane whose processes end when the test says so. */
function startLane() {
  const { log, lines } = recordingLog();
  const runs: {
    suspect: Suspect;
    as: string;
    stop: AbortSignal;
    end: (how: CrashRecord | Error | undefined) => void;
  }[] = [];
  const written: [worker: string, record: CrashRecord][] = [];
  const lane = new Lane({
    worker: 'w1',
    runAlone: (what, as, stop) =>
      new Promise((resolve, reject) => {
        runs.push({ suspect: what, as, stop, end: (how) => (how instanceof Error ? reject(how) : resolve(how)) });
      }),
    crashes: {
      write: async (worker, record) => {
        written.push([worker, record]);
      },
    },
    log,
  });
  const untilFree = async () => {
    while (lane.state === 'busy') await new Promise(setImmediate);
  };
  return { lane, runs, written, lines, untilFree };
}

describe('Lane', () => {
  it('runs one suspect at a time, under a name that no other run has', async () => {
    const { lane, runs, untilFree } = startLane();
    expect(lane.state).toBe('free');

    lane.isolate(suspect);
    lane.isolate({ ...suspect, jobId: '43' });
    expect(lane.state).toBe('busy');
    runs[0]?.end(undefined);
    await untilFree();
    lane.isolate({ ...suspect, jobId: '44' });

    expect(runs.map(({ suspect: { jobId }, as }) => [jobId, as])).toEqual([
      ['42', 'w1-alone-1'],
      ['44', 'w1-alone-2'],
    ]);
  });

  it('puts on record how the process crashed, under its name', async () => {
    const { lane, runs, written, lines, untilFree } = startLane();

    lane.isolate(suspect);
    runs[0]?.end(crash);
    await untilFree();

    expect(written).toEqual([['w1-alone-1', crash]]);
    expect(lines).toEqual(['info lane.started', 'warn lane.crashed']);
  });

  it('puts nothing on record of a process that ended in good order', async () => {
    const { lane, runs, written, lines, untilFree } = startLane();

    lane.isolate(suspect);
    runs[0]?.end(undefined);
    await untilFree();

    expect(written).toEqual([]);
    expect(lines).toEqual(['info lane.started']);
  });

  it('says so when no process could be started, and is free again', async () => {
    const { lane, runs, lines, untilFree } = startLane();

    lane.isolate(suspect);
    runs[0]?.end(new Error('EAGAIN'));
    await untilFree();

    expect(lines).toEqual(['info lane.started', 'error lane.failed: EAGAIN']);
  });

  it('asks what runs there to stop, waits for it, and takes no more', async () => {
    const { lane, runs } = startLane();
    lane.isolate(suspect);

    let stopped = false;
    const stopping = lane.stop().then(() => {
      stopped = true;
    });
    await new Promise(setImmediate);
    expect(runs[0]?.stop.aborted).toBe(true);
    expect(stopped).toBe(false);
    runs[0]?.end(undefined);
    await stopping;
    lane.isolate(suspect);

    expect(runs).toHaveLength(1);
  });

  it('stops at once when nothing runs there', async () => {
    await startLane().lane.stop();
  });
});
