import { describe, expect, it } from 'vitest';
import { parseCrashes } from '../../../src/job/crash.js';
import { jobCrash } from '../../support/orphan.js';

describe('parseCrashes', () => {
  it('reads back what was kept, with all that is known of a crash', () => {
    const crashes = [
      jobCrash(),
      jobCrash({
        how: 'exited',
        alone: true,
        exitCode: 1,
        signal: 'SIGSEGV',
        rssBytes: 7,
        loopDelayMs: 1,
        blockedMs: 2,
        lines: ['last words'],
      }),
      { at: jobCrash().at, how: 'unowned' as const },
    ];

    expect(parseCrashes(JSON.stringify(crashes))).toEqual(crashes);
  });

  it.each([undefined, null, '', 'no json', '[', 'null', '7', '"text"', '{}', '{"0":{"at":1,"how":"exited"}}', '[]'])(
    'finds none in %j',
    (json) => {
      expect(parseCrashes(json)).toEqual([]);
    },
  );

  it.each([
    'null',
    '7',
    '[]',
    '{}',
    '{"how":"exited"}',
    '{"at":"1","how":"exited"}',
    '{"at":null,"how":"exited"}',
    '{"at":1,"how":"eaten"}',
    '{"at":1,"how":"exited","worker":{}}',
    '{"at":1,"how":"exited","alone":"yes"}',
    '{"at":1,"how":"exited","signal":9}',
    '{"at":1,"how":"exited","exitCode":{"toString":1}}',
    '{"at":1,"how":"exited","rssBytes":"much"}',
    '{"at":1,"how":"exited","lines":"one"}',
    '{"at":1,"how":"exited","lines":[{"toString":1}]}',
  ])('leaves out %s, which is no crash, and keeps the others', (entry) => {
    expect(parseCrashes(`[${JSON.stringify(jobCrash())},${entry}]`)).toEqual([jobCrash()]);
  });
});
