import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { criticalities } from '../../../src/job/criticality.js';
import {
  ceilingOf,
  cutFor,
  floorOf,
  highestCut,
  isAbove,
  levelByChance,
  levelOf,
  openCut,
  shareBelow,
} from '../../../src/shedding/levels.js';

const hourMs = 3_600_000;
const mix = { critical_plus: 10, critical: 30, sheddable_plus: 40, sheddable: 20 };
const whole = () => 1;

describe('levels', () => {
  it('puts every job of a class above all of the class behind it', () => {
    const [highest, ...others] = criticalities.map((each) =>
      Array.from({ length: 500 }, (_, n) => levelOf(each, `tenant-${n}`, 0)),
    );

    let above = Math.min(...(highest ?? []));
    for (const levels of others) {
      expect(Math.max(...levels)).toBeLessThan(above);
      above = Math.min(...levels);
    }
  });

  it.each(criticalities)('spreads jobs of nobody over all levels of %s by chance', (each) => {
    const levels = [0, 0.5, 0.999999, 1].map((chance) => levelByChance(each, chance) - floorOf(each));

    expect(levels).toEqual([0, 64, 127, 127]);
  });

  it('keeps a tenant together for an hour, and deals the cohorts anew in the next', () => {
    const levels = (hour: number) =>
      Array.from({ length: 50 }, (_, n) => levelOf('critical', `tenant-${n}`, hour * hourMs + 1_234));

    expect(levels(7)).toEqual(levels(7));
    expect(levels(7)).not.toEqual(levels(8));
  });

  it('gives who was among the first to give way no other chance of it in the next hour', () => {
    const first = (hour: number) => (tenant: string) => levelOf('sheddable', tenant, hour * hourMs) < 32;
    const tenants = Array.from({ length: 16_000 }, (_, n) => `t${n}`);

    const again = tenants.filter(first(494_000)).filter(first(494_001)).length / tenants.filter(first(494_000)).length;

    expect(again).toBeGreaterThan(0.2);
    expect(again).toBeLessThan(0.3);
  });

  it('says of which classes nobody can stand below a cut', () => {
    const above = (cut: number) => criticalities.filter((each) => isAbove(each, cut));

    expect(above(openCut)).toEqual(criticalities);
    expect(above(ceilingOf('sheddable'))).toEqual(['critical_plus', 'critical', 'sheddable_plus']);
    expect(above(ceilingOf('sheddable') + 1)).toEqual(['critical_plus', 'critical']);
    expect(above(highestCut)).toEqual(['critical_plus']);
  });

  it('spreads tenants over a class', () => {
    const below = Array.from({ length: 4_000 }, (_, n) => levelOf('sheddable', `t${n}`, 0)).filter((each) => each < 32);

    expect(below.length / 4_000).toBeGreaterThan(0.2);
    expect(below.length / 4_000).toBeLessThan(0.3);
  });
});

describe('cutFor', () => {
  it.each<[string, number, number]>([
    ['admits all when nothing is to be shed', 0, openCut],
    ['cuts half of the last class for a tenth of its four classes', 0.1, 64],
    ['cuts all of the last class', 0.2, 128],
    ['goes on into the next', 0.4, 192],
    ['cuts both sheddable classes', 0.6, 256],
    ['and a part of the critical one', 0.75, 256 + 64],
    ['never the first class', 0.95, highestCut],
  ])('%s', (_what, share, cut) => {
    expect(cutFor(share, mix, whole)).toBe(cut);
  });

  it('stops at a class that may be cut only in part', () => {
    const half = cutFor(0.9, mix, (each) => (each === 'sheddable_plus' ? 0.5 : 1));

    expect(half).toBe(floorOf('sheddable_plus') + 64);
  });

  it('cuts nothing where nothing arrives', () => {
    expect(cutFor(0.5, { critical_plus: 0, critical: 0, sheddable_plus: 0, sheddable: 0 }, whole)).toBe(openCut);
  });

  it('passes over a class that has no queue', () => {
    expect(cutFor(0.5, { critical: 100, sheddable_plus: 100 }, (each) => (each === 'critical' ? 1 : 0))).toBe(openCut);
    expect(cutFor(0.25, { critical: 100, sheddable_plus: 100 }, whole)).toBe(floorOf('sheddable_plus') + 64);
  });

  it('cuts for any arrivals about the share that is asked for, and never more', () => {
    const rates = fc.record({
      critical_plus: fc.constant(0),
      critical: fc.nat(1_000),
      sheddable_plus: fc.nat(1_000),
      sheddable: fc.nat(1_000),
    });
    fc.assert(
      fc.property(rates, fc.double({ min: 0, max: 1, noNaN: true }), (arrivals, share) => {
        const total = criticalities.reduce((sum, each) => sum + arrivals[each], 0);
        const cut = cutFor(share, arrivals, whole);

        const shed = criticalities.reduce((sum, each) => sum + arrivals[each] * shareBelow(cut, each), 0);

        // A level is a hundred and twenty-eighth of one class.
        expect(Math.abs(shed - share * total)).toBeLessThanOrEqual(Math.max(...Object.values(arrivals)) / 128 + 1e-6);
      }),
    );
  });
});
