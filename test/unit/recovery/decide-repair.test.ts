import { describe, expect, it } from 'vitest';
import { decideRepair, type RepairDecision } from '../../../src/recovery/decide-repair.js';
import type { JobPlaces, PlaceName } from '../../../src/transport/job-places.js';

const jobIn = (...places: PlaceName[]): JobPlaces => ({ id: 'j', hash: 'job', leased: false, places });
const leasedIn = (...places: PlaceName[]): JobPlaces => ({ ...jobIn(...places), leased: true });

describe('decideRepair', () => {
  it.each<[string, JobPlaces, RepairDecision]>([
    ['leaves a job in one place', jobIn('wait'), { kind: 'leave' }],
    ['puts a job back that is in no place', jobIn(), { kind: 'requeue' }],
    ['leaves one in no place whose lease is held: it is being ended', leasedIn(), { kind: 'leave' }],
    ['leaves an id without a job', { ...jobIn('wait'), hash: 'none' }, { kind: 'leave' }],
    ['leaves a hash that is no job', { ...jobIn(), hash: 'other' }, { kind: 'leave' }],
    ['believes whoever runs it', leasedIn('wait', 'active'), { kind: 'keep', place: 'active' }],
    ['believes the waiting when nobody runs it', jobIn('wait', 'active'), { kind: 'keep', place: 'wait' }],
    ['keeps one of two entries in one place', jobIn('wait', 'wait'), { kind: 'keep', place: 'wait' }],
    ['believes what starts sooner', jobIn('delayed', 'prioritized'), { kind: 'keep', place: 'prioritized' }],
    ['leaves one that ended and waits to people', jobIn('wait', 'completed'), { kind: 'leave', fault: 'twice' }],
    ['leaves one that ended twice to people', jobIn('completed', 'failed'), { kind: 'leave', fault: 'twice' }],
    [
      'leaves one that waits for children and runs',
      leasedIn('active', 'waiting-children'),
      { kind: 'leave', fault: 'twice' },
    ],
    ['leaves two runs that nobody holds', jobIn('active', 'active'), { kind: 'leave', fault: 'twice' }],
  ])('%s', (_what, job, expected) => {
    expect(decideRepair(job)).toEqual(expected);
  });
});
