import { expect, it } from 'vitest';
import { LineSink } from '../../../src/telemetry/line-sink.js';

const full = Object.assign(new Error('full'), { code: 'EAGAIN' });

/** A sink on a pipe with so much room, and a clock that only waiting moves. */
function startSink(room = Number.POSITIVE_INFINITY) {
  const pipe = { room, text: '', now: 0, waitedMs: 0, lost: [] as number[], broken: undefined as string | undefined };
  const sink = new LineSink(1, {
    terminal: false,
    elapsed: () => pipe.now,
    sleep: (ms) => {
      pipe.now += ms;
      pipe.waitedMs += ms;
    },
    write: (_fd, bytes) => {
      if (pipe.broken) throw Object.assign(new Error(pipe.broken), { code: pipe.broken });
      const taken = Math.min(pipe.room, bytes.length);
      if (taken === 0) throw full;
      pipe.room -= taken;
      pipe.text += Buffer.from(bytes.subarray(0, taken)).toString();
      return taken;
    },
  });
  sink.onLoss = (lines) => pipe.lost.push(lines);
  return { sink, pipe };
}

it('has written a line when the call returns', () => {
  const { sink, pipe } = startSink();

  sink.write('one\n');

  expect(pipe.text).toBe('one\n');
});

it('loses whole lines while nobody reads, and tells how many once somebody does', () => {
  const { sink, pipe } = startSink(4);

  sink.write('one\n');
  sink.write('two\nthree\n');
  sink.write('four\n');
  pipe.room = 100;
  sink.write('five\n');

  expect(pipe.text).toBe('one\nfive\n');
  expect(pipe.lost).toEqual([3]);
});

it('ends a line that was taken in part before it begins another', () => {
  const { sink, pipe } = startSink(2);

  sink.write('one\n');
  sink.write('two\n');
  pipe.room = 100;
  sink.write('three\n');

  expect(pipe.text).toBe('one\nthree\n');
  expect(pipe.lost).toEqual([1]);
});

it('waits for a slow reader no longer than a tenth of its time', () => {
  const { sink, pipe } = startSink(0);

  for (let line = 0; line < 1_000; line += 1) {
    sink.write('nobody reads this\n');
    pipe.now += 10;
  }

  expect(pipe.waitedMs).toBeGreaterThan(0);
  expect(pipe.waitedMs).toBeLessThanOrEqual(pipe.now / 10 + 100);
});

it.each(['EPIPE', 'EIO'])('goes on in silence when its reader is gone (%s)', (code) => {
  const { sink, pipe } = startSink();
  pipe.broken = code;

  sink.write('one\n');
  pipe.broken = undefined;
  sink.write('two\n');

  expect(pipe).toMatchObject({ text: '', lost: [], waitedMs: 0 });
});

it('loses a line to a full disk and writes the next one', () => {
  const { sink, pipe } = startSink();
  pipe.broken = 'ENOSPC';
  sink.write('one\n');
  pipe.broken = undefined;

  sink.write('two\n');

  expect(pipe.text).toBe('two\n');
  expect(pipe.lost).toEqual([1]);
});
