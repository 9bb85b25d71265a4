import { describe, expect, it } from 'vitest';
import { FairShare } from '../../../../workers/document-digest/fair-share.js';

const busy = (ms: number) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

describe('FairShare', () => {
  it('goes on without a pause while the slice lasts', async () => {
    const share = new FairShare(new AbortController().signal);
    let turns = 0;
    setImmediate(() => turns++);

    await share.step();
    await share.step();

    expect(turns).toBe(0);
  });

  it('lets others go on once the slice is used up', async () => {
    const share = new FairShare(new AbortController().signal);
    let timers = 0;
    setTimeout(() => timers++, 0);

    busy(30);
    await share.step();
    busy(30);
    await share.step();

    expect(timers).toBe(1);
  });

  it('gives each turn of the event loop to one job, however many compute', async () => {
    const slices: number[] = [];
    let turn = 0;
    const counting = setInterval(() => turn++, 0);
    const compute = async () => {
      const share = new FairShare(new AbortController().signal);
      for (let step = 0; step < 3; step++) {
        busy(12);
        await share.step();
        slices.push(turn);
      }
    };

    await Promise.all([compute(), compute(), compute()]);
    clearInterval(counting);

    expect(new Set(slices).size).toBeGreaterThanOrEqual(slices.length - 2);
  });

  it('stops with the reason of the abort, also while it waits', async () => {
    const abort = new AbortController();
    const share = new FairShare(abort.signal);
    const reason = new Error('shutting down');
    busy(30);

    const waiting = share.step();
    abort.abort(reason);

    await expect(waiting).rejects.toBe(reason);
    await expect(share.step()).rejects.toBe(reason);
  });
});
