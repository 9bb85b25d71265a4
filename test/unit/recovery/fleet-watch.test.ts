import { describe, expect, it } from 'vitest';
import { FleetWatch } from '../../../src/recovery/fleet-watch.js';

const policy = { deadAfterMs: 5_000, maxGapMs: 2_500 };
const lookEveryMs = 1_000;

/**
 * A fleet on a clock that the test turns: workers beat every second until they fall silent, the watch looks once a second
 * unless it is held up. All of it has gone on for a while when the test begins.
 */
class Fleet {
  readonly watch = new FleetWatch(policy);
  readonly #lastBeat = new Map<string, number>();
  readonly #silent = new Set<string>();
  #now = 1_000_000;

  constructor(...workers: string[]) {
    for (const id of workers) this.#lastBeat.set(id, this.#now);
    this.passes(10_000);
  }

  /** Time goes by; with `watched: false` nobody looks, as while Redis or the watcher is away. */
  passes(ms: number, { watched = true } = {}): this {
    for (const end = this.#now + ms; this.#now < end; ) {
      this.#now += lookEveryMs;
      for (const id of this.#lastBeat.keys()) if (!this.#silent.has(id)) this.#lastBeat.set(id, this.#now);
      if (watched) this.look();
    }
    return this;
  }

  /** Everything stops: Redis is away, so nobody can beat, and nobody can look. */
  redisAway(ms: number): this {
    this.#now += ms;
    this.look();
    return this;
  }

  look(): this {
    const seen = [...this.#lastBeat].map(([id, aliveAt]) => ({ id, aliveAt }));
    this.watch.look(seen, this.#now);
    return this;
  }

  fallsSilent(...workers: string[]): this {
    for (const id of workers) this.#silent.add(id);
    return this;
  }

  beatsAgain(...workers: string[]): this {
    for (const id of workers) this.#silent.delete(id);
    return this;
  }

  /** Comes to the list, or back to it. */
  joins(id: string): this {
    this.#lastBeat.set(id, this.#now);
    return this;
  }

  /** Takes itself off the list in good order. */
  saysFarewell(id: string): this {
    this.#lastBeat.delete(id);
    return this;
  }

  /** Its process is found to be gone. */
  isGone(id: string): this {
    this.watch.declareDead(id, this.#now);
    return this;
  }

  verdicts(...workers: string[]): string[] {
    return workers.map((id) => this.watch.verdictOn(id, this.#now));
  }

  newlySilent(): number {
    return this.watch.newlySilent(this.#now);
  }

  counts(): object {
    return this.watch.counts(this.#now);
  }
}

const crew = (size: number): string[] => Array.from({ length: size }, (_, index) => `w${index + 1}`);

describe('FleetWatch', () => {
  it.each<[number, string]>([
    [0, 'alive'],
    [2_000, 'alive'],
    [3_000, 'suspect'],
    [5_000, 'suspect'],
    [6_000, 'dead'],
    [20_000, 'dead'],
  ])('takes a worker that has been silent for %d ms for %s', (silenceMs, verdict) => {
    const fleet = new Fleet('w1', 'w2').fallsSilent('w1').passes(silenceMs);

    expect(fleet.verdicts('w1', 'w2')).toEqual([verdict, 'alive']);
  });

  it('takes a worker that beats again for alive', () => {
    const fleet = new Fleet('w1', 'w2').fallsSilent('w1').passes(10_000).beatsAgain('w1').passes(1_000);

    expect(fleet.verdicts('w1')).toEqual(['alive']);
  });

  it('takes a worker whose process is gone for dead at once, for as long as it does not beat', () => {
    const fleet = new Fleet('w1', 'w2').fallsSilent('w1').isGone('w1');
    const atOnce = fleet.verdicts('w1', 'w2');

    fleet.look().passes(60_000);
    const later = fleet.verdicts('w1', 'w2');
    fleet.beatsAgain('w1').passes(1_000);

    expect(atOnce).toEqual(['dead', 'alive']);
    expect(later).toEqual(['dead', 'alive']);
    expect(fleet.verdicts('w1', 'w2')).toEqual(['alive', 'alive']);
  });

  it('counts the workers by verdict', () => {
    const fleet = new Fleet(...crew(8)).fallsSilent('w1').passes(3_000).fallsSilent('w2').passes(3_000);

    expect(fleet.counts()).toEqual({ alive: 6, suspect: 1, dead: 1 });
  });

  it('tells of each death by silence once, and again only after the worker beat in between', () => {
    const fleet = new Fleet('w1', 'w2').fallsSilent('w1').passes(6_000);
    const told = [fleet.newlySilent(), fleet.passes(5_000).newlySilent()];

    fleet.beatsAgain('w1').passes(1_000).fallsSilent('w1').passes(6_000);

    expect([...told, fleet.newlySilent(), fleet.newlySilent()]).toEqual([1, 0, 1, 0]);
  });

  it('tells of all that died at once, when it calls them dead', () => {
    const workers = crew(5);
    const fleet = new Fleet(...workers).fallsSilent(...workers).passes(15_000);

    expect([fleet.newlySilent(), fleet.passes(1_000).newlySilent()]).toEqual([0, 5]);
  });

  it('tells of nobody whose process it knew to be gone, and of that once', () => {
    const fleet = new Fleet('w1', 'w2', 'w3').fallsSilent('w1', 'w2').passes(6_000);
    const before = fleet.newlySilent();

    const news = ['w1', 'w3', 'w3'].map((id) => fleet.watch.declareDead(id, 0));

    expect({ before, news, after: fleet.fallsSilent('w3').passes(6_000).newlySilent() }).toEqual({
      before: 2,
      news: [false, true, false],
      after: 0,
    });
  });

  it('tells of nobody who was dead before it began to watch', () => {
    const watch = new FleetWatch(policy);

    const told = [0, 2_000, 4_000, 6_000].map((now) => {
      const seen = [
        { id: 'long ago', aliveAt: -6_000 },
        { id: 'just now', aliveAt: -1_000 },
      ];
      watch.look(seen, now);
      return watch.newlySilent(now);
    });

    expect(told).toEqual([0, 0, 0, 1]);
  });

  it('tells of nobody while Redis is away, and of who did not come back from that', () => {
    const fleet = new Fleet('w1', 'w2').fallsSilent('w1').redisAway(60_000);

    expect([fleet.newlySilent(), fleet.passes(6_000).newlySilent()]).toEqual([0, 1]);
  });

  it('calls nobody dead before it has watched for the full time itself', () => {
    const watch = new FleetWatch(policy);
    const longSilent = { id: 'w1', aliveAt: -20_000 };

    const verdicts = [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000].map((now) => {
      watch.look([longSilent], now);
      return watch.verdictOn('w1', now);
    });

    expect(verdicts).toEqual([...new Array(6).fill('suspect'), 'dead']);
  });

  it('calls nobody dead after it was held up itself, and starts to watch anew', () => {
    const fleet = new Fleet('w1', 'w2').fallsSilent('w1').passes(10_000, { watched: false }).look();

    expect(fleet.verdicts('w1', 'w2')).toEqual(['suspect', 'alive']);
    expect(fleet.passes(5_000).verdicts('w1')).toEqual(['suspect']);
    expect(fleet.passes(1_000).verdicts('w1')).toEqual(['dead']);
  });

  it('is not thrown off by a gap that is within bounds', () => {
    const fleet = new Fleet('w1', 'w2').fallsSilent('w1').passes(4_000).passes(2_000, { watched: false }).look();

    expect(fleet.verdicts('w1')).toEqual(['dead']);
  });

  it.each([2_000, 3_000, 60_000])('calls nobody dead when Redis was away for %d ms', (ms) => {
    const fleet = new Fleet('w1', 'w2').redisAway(ms);

    expect(fleet.verdicts('w1', 'w2')).not.toContain('dead');
    expect(fleet.passes(1_000).verdicts('w1', 'w2')).toEqual(['alive', 'alive']);
  });

  it('finds the worker that did not come back from an outage of Redis', () => {
    const fleet = new Fleet('w1', 'w2').fallsSilent('w1').redisAway(60_000).passes(6_000);

    expect(fleet.verdicts('w1', 'w2')).toEqual(['dead', 'alive']);
  });

  it.each<[number, number, string]>([
    [2, 2, 'dead'],
    [3, 3, 'suspect'],
    [10, 3, 'dead'],
    [10, 4, 'suspect'],
    [4, 2, 'dead'],
    [100, 30, 'dead'],
    [100, 31, 'suspect'],
  ])('of %d workers of which %d fall silent together, takes those for %s', (size, silent, verdict) => {
    const workers = crew(size);
    const fleet = new Fleet(...workers).fallsSilent(...workers.slice(0, silent)).passes(6_000);

    expect(new Set(fleet.verdicts(...workers.slice(0, silent)))).toEqual(new Set([verdict]));
  });

  it('calls even many dead when they stay silent for three times as long, so that no job is stranded', () => {
    const workers = crew(3);
    const fleet = new Fleet(...workers).fallsSilent(...workers).passes(15_000);

    expect(fleet.verdicts('w1')).toEqual(['suspect']);
    expect(fleet.passes(1_000).verdicts('w1')).toEqual(['dead']);
  });

  it('does not let those that died long ago excuse one that dies now', () => {
    const workers = crew(4);
    const fleet = new Fleet(...workers).fallsSilent('w1').passes(8_000).fallsSilent('w2').passes(8_000);
    fleet.fallsSilent('w3').passes(6_000);

    expect(fleet.verdicts('w1', 'w2', 'w3', 'w4')).toEqual(['dead', 'dead', 'dead', 'alive']);
  });

  it('gives a stranger whom a lease names the full time from when it was first asked about', () => {
    const fleet = new Fleet('w1');

    expect(fleet.verdicts('stranger')).toEqual(['alive']);
    expect(fleet.passes(5_000).verdicts('stranger')).toEqual(['suspect']);
    expect(fleet.passes(1_000).verdicts('stranger')).toEqual(['dead']);
  });

  it('does not count strangers among the fleet', () => {
    const fleet = new Fleet('w1');
    fleet.verdicts('stranger');

    expect(fleet.passes(6_000).counts()).toEqual({ alive: 1, suspect: 0, dead: 0 });
  });

  it('forgets a worker that said farewell, and gives the leases it may have left the full time', () => {
    const fleet = new Fleet('w1', 'w2').saysFarewell('w1').passes(1_000);

    expect(fleet.counts()).toEqual({ alive: 1, suspect: 0, dead: 0 });
    expect(fleet.verdicts('w1')).toEqual(['alive']);
    expect(fleet.passes(6_000).verdicts('w1')).toEqual(['dead']);
  });

  it('gives a stranger the full time again that was on the list in between', () => {
    const fleet = new Fleet('w1');
    fleet.verdicts('stranger');

    fleet.passes(3_000).joins('stranger').passes(3_000).saysFarewell('stranger').passes(1_000);

    expect(fleet.verdicts('stranger')).toEqual(['alive']);
  });

  it('bounds how many strangers it keeps in mind', () => {
    const fleet = new Fleet('w1');
    fleet.verdicts('stranger');
    fleet.passes(6_000);

    fleet.verdicts(...Array.from({ length: 10_000 }, (_, index) => `s${index}`));

    // Their time starts again, which is the careful side.
    expect(fleet.verdicts('stranger')).toEqual(['alive']);
  });
});
