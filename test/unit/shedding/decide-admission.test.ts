import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Criticality, criticalities } from '../../../src/job/criticality.js';
import { decideEnqueue, decideStart } from '../../../src/shedding/decide-admission.js';
import type { ShedDirective } from '../../../src/shedding/directive.js';
import { ceilingOf, floorOf, highestCut } from '../../../src/shedding/levels.js';
import { shedDirective } from '../../support/shed-directive.js';

const lowest = (criticality: Criticality) => ({ criticality, level: floorOf(criticality) });
const start = (criticality: Criticality, directive: Partial<ShedDirective>, hasFallback = false) =>
  decideStart({ ...lowest(criticality), hasFallback }, shedDirective({ cut: highestCut, ...directive }), 0);
const enqueue = (criticality: Criticality, directive: Partial<ShedDirective>) =>
  decideEnqueue({ queue: 'q', ...lowest(criticality) }, shedDirective({ cut: highestCut, ...directive }), 0);

describe('decideStart', () => {
  it.each<[string, Criticality, Partial<ShedDirective>, boolean, string]>([
    ['runs the first class whatever happens', 'critical_plus', { share: 0.95 }, false, 'run'],
    ['delays critical work at first', 'critical', { share: 0.6 }, false, 'delay'],
    ['parks critical work when most is shed', 'critical', { share: 0.61 }, false, 'park'],
    ['does not degrade critical work', 'critical', { share: 0.9 }, true, 'park'],
    ['delays a batch at first', 'sheddable_plus', { share: 0.29 }, false, 'delay'],
    ['parks a batch then', 'sheddable_plus', { share: 0.31 }, false, 'park'],
    ['degrades a batch that can be', 'sheddable_plus', { share: 0.9 }, true, 'degrade'],
    ['parks the last class at once', 'sheddable', { share: 0.01 }, false, 'park'],
    ['runs what is not below the cut', 'sheddable', { share: 0.9, cut: floorOf('sheddable') }, false, 'run'],
  ])('%s', (_what, criticality, directive, hasFallback, kind) => {
    expect(start(criticality, directive, hasFallback).kind).toBe(kind);
  });

  it('runs everything without a directive', () => {
    expect(decideStart({ ...lowest('sheddable'), hasFallback: false }, undefined, 0)).toEqual({ kind: 'run' });
  });

  it('parks for five minutes and some seconds: by then the leader has brought work back, if there is one', () => {
    const directive = shedDirective({ cut: highestCut, share: 0.9 });
    const delays = [0, 0.5, 1].map((chance) =>
      decideStart({ ...lowest('sheddable'), hasFallback: false }, directive, chance),
    );

    expect(delays.map((each) => 'delayMs' in each && each.delayMs)).toEqual([300_000, 315_000, 330_000]);
  });
});

describe('decideEnqueue', () => {
  it.each<[string, Criticality, Partial<ShedDirective>, string]>([
    ['takes everything while little is shed', 'sheddable', { share: 0.49 }, 'admit'],
    ['refuses the last class when half is shed', 'sheddable', { share: 0.5 }, 'overload'],
    ['takes a batch until nearly all is shed', 'sheddable_plus', { share: 0.89 }, 'admit'],
    ['refuses it then', 'sheddable_plus', { share: 0.9 }, 'overload'],
    ['does not refuse what is above the cut', 'sheddable_plus', { share: 0.9, cut: 128 }, 'admit'],
    ['never refuses critical work for load', 'critical', { share: 0.95 }, 'admit'],
    ['refuses critical work for want of memory', 'critical', { memoryShort: ['critical'] }, 'memory'],
    ['refuses the first class for want of memory alone', 'critical_plus', { memoryShort: ['critical_plus'] }, 'memory'],
    ['refuses any work for a queue that is full', 'critical_plus', { full: ['q'] }, 'queue_full'],
    ['names the reason of the leader', 'sheddable', { share: 0.6, reason: 'operator' }, 'operator'],
  ])('%s', (_what, criticality, directive, expected) => {
    const decision = enqueue(criticality, directive);

    expect(decision.kind === 'refuse' ? decision.reason : decision.kind).toBe(expected);
  });

  it('takes everything without a directive', () => {
    expect(decideEnqueue({ queue: 'q', ...lowest('sheddable') }, undefined, 0)).toEqual({ kind: 'admit' });
  });
});

describe('any directive', () => {
  const anyJob = fc.constantFrom(...criticalities).chain((criticality) =>
    fc.record({
      criticality: fc.constant(criticality),
      level: fc.integer({ min: floorOf(criticality), max: ceilingOf(criticality) - 1 }),
      hasFallback: fc.constant(false),
    }),
  );
  const anyDirective = fc
    .record({ share: fc.double({ min: 0, max: 0.95, noNaN: true }), cut: fc.integer({ min: 0, max: highestCut }) })
    .map(shedDirective);

  it('lets no job run that stands below one that it sets aside', () => {
    fc.assert(
      fc.property(fc.array(anyJob, { minLength: 2 }), anyDirective, (jobs, directive) => {
        const runs = (job: (typeof jobs)[number]) => decideStart(job, directive, 0).kind === 'run';
        const admitted = jobs.filter(runs).map(({ level }) => level);
        const aside = jobs.filter((job) => !runs(job)).map(({ level }) => level);

        expect(Math.min(...admitted)).toBeGreaterThan(Math.max(...aside));
      }),
    );
  });

  it('refuses no job for load that it would let run', () => {
    fc.assert(
      fc.property(anyJob, anyDirective, (job, directive) => {
        if (decideEnqueue({ queue: 'q', ...job }, directive, 0).kind === 'admit') return;
        expect(decideStart(job, directive, 0).kind).not.toBe('run');
      }),
    );
  });
});
