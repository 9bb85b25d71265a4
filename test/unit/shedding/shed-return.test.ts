import { describe, expect, it } from 'vitest';
import type { Criticality } from '../../../src/job/criticality.js';
import { ceilingOf, floorOf, openCut } from '../../../src/shedding/levels.js';
import { ShedReturn } from '../../../src/shedding/shed-return.js';
import type { ParkedFor, ReturnReply } from '../../../src/transport/parked-jobs.js';

/** Queues and when the jobs were made that are set aside in them; what comes back is written down. */
class Aside {
  readonly returned: string[] = [];
  readonly #births: Map<string, number[]>;

  constructor(births: Readonly<Record<string, readonly number[]>>) {
    this.#births = new Map(Object.entries(births).map(([queue, times]) => [queue, [...times]]));
  }

  async births({ queue }: ParkedFor, most: number): Promise<number[]> {
    return (this.#births.get(queue) ?? []).slice(0, most);
  }

  async bringBack({ queue }: ParkedFor, most: number): Promise<ReturnReply> {
    const back = this.#births.get(queue)?.splice(0, most) ?? [];
    this.returned.push(...back.map((born) => `${queue} ${born}`));
    return { kind: 'returned', returned: back.length };
  }
}

const classes: Readonly<Record<string, Criticality>> = {
  bulk: 'sheddable',
  batch: 'sheddable_plus',
  'pay-a': 'critical',
  'pay-b': 'critical',
};
const queues = Object.entries(classes).map(([queue, criticality]) => ({ queue, criticality }));
const step = { queues, cut: openCut, returnPerS: 2, elapsedS: 1, fence: 1 };

describe('bringing back what gave way', () => {
  it('brings back the highest class first, and no more than may come', async () => {
    const aside = new Aside({ bulk: [1], batch: [2, 3], 'pay-a': [4] });

    await new ShedReturn(aside).bringBack(step);

    expect(aside.returned).toEqual(['pay-a 4', 'batch 2']);
  });

  it('brings back the oldest of a class first, whatever queue they are of', async () => {
    const aside = new Aside({ 'pay-a': Array.from({ length: 10_000 }, (_, n) => 100 + n), 'pay-b': [1, 2, 103] });
    const returning = new ShedReturn(aside);

    for (let second = 0; second < 4; second++) await returning.bringBack(step);

    expect(aside.returned.toSorted()).toEqual(
      ['pay-a 100', 'pay-a 101', 'pay-a 102', 'pay-a 103', 'pay-a 104', 'pay-b 1', 'pay-b 103', 'pay-b 2'].toSorted(),
    );
    expect(aside.returned.slice(0, 2)).toEqual(['pay-b 1', 'pay-b 2']);
  });

  it.each([
    ['while another class gives way', ceilingOf('sheddable'), ['pay-a 3', 'batch 2']],
    ['while a part of its class gives way', floorOf('sheddable') + 1, ['pay-a 3', 'batch 2']],
    ['while it gives way', ceilingOf('sheddable_plus'), ['pay-a 3']],
    ['while everybody does', ceilingOf('critical'), []],
  ])('brings a class back %s only when it is above it', async (_title, cut, expected) => {
    const aside = new Aside({ bulk: [1], batch: [2], 'pay-a': [3] });

    await new ShedReturn(aside).bringBack({ ...step, cut, returnPerS: 9 });

    expect(aside.returned).toEqual(expected);
  });

  it('adds up parts of jobs, and does not save up for whom nobody waits', async () => {
    const aside = new Aside({ batch: [1, 2, 3] });
    const returning = new ShedReturn(aside);

    await returning.bringBack({ ...step, returnPerS: 0.6 });
    expect(aside.returned).toEqual([]);
    await returning.bringBack({ ...step, returnPerS: 0.6 });
    expect(aside.returned).toEqual(['batch 1']);
    await returning.bringBack({ ...step, returnPerS: 50 });
    await returning.bringBack({ ...step, returnPerS: 0.5 });

    expect(aside.returned).toEqual(['batch 1', 'batch 2', 'batch 3']);
  });

  it('ends when a later leader has written', async () => {
    const parked = { births: async () => [1], bringBack: async (): Promise<ReturnReply> => ({ kind: 'deposed' }) };

    expect(await new ShedReturn(parked).bringBack(step)).toBe('deposed');
  });
});
