import { describe, expect, it } from 'vitest';
import { DirectiveFollower } from '../../../src/shedding/directive-follower.js';
import type { Clock } from '../../../src/time/clock.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { shedDirective } from '../../support/shed-directive.js';

function follower() {
  let elapsed = 0;
  const clock: Clock = { now: () => 0 as EpochMs, elapsed: () => elapsed };
  const errors: Error[] = [];
  const told: [string, number][][] = [];
  const store = {
    directive: async () => answer(),
    addRefused: async (refused: ReadonlyMap<string, number>) => {
      told.push([...refused]);
    },
  };
  let answer = () => shedDirective({ cut: 100 }) as ReturnType<typeof shedDirective> | undefined;
  return {
    followed: new DirectiveFollower({ store, clock, onError: (error) => errors.push(error) }),
    pass: (ms: number) => {
      elapsed += ms;
    },
    says: (next: typeof answer) => {
      answer = next;
    },
    errors,
    told,
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('DirectiveFollower', () => {
  it('knows nothing until it has read', async () => {
    const { followed } = follower();

    expect(followed.current).toBeUndefined();
    await followed.refresh();
    expect(followed.current).toMatchObject({ cut: 100 });
  });

  it('reads in the background, and again only after a second', async () => {
    const { followed, pass, says } = follower();
    followed.refreshWhenStale();
    await settled();
    says(() => shedDirective({ cut: 50 }));

    followed.refreshWhenStale();
    await settled();
    const within = followed.current?.cut;
    pass(1_000);
    followed.refreshWhenStale();
    await settled();

    expect([within, followed.current?.cut]).toEqual([100, 50]);
  });

  it('goes by what it heard last for ten seconds while Redis does not answer, and then by nothing', async () => {
    const { followed, pass, says, errors } = follower();
    await followed.refresh();
    says(() => {
      throw new Error('gone');
    });

    pass(9_999);
    followed.refreshWhenStale();
    await settled();
    const before = followed.current?.cut;
    pass(1);

    expect(before).toBe(100);
    expect(followed.current).toBeUndefined();
    expect(errors.map(({ message }) => message)).toEqual(['gone']);
  });

  it('tells with the next look what was refused', async () => {
    const { followed, told } = follower();
    followed.countRefused('bulk', 2);
    followed.countRefused('bulk', 3);

    await followed.refresh();
    await followed.refresh();

    expect(told).toEqual([[['bulk', 5]]]);
  });
});
