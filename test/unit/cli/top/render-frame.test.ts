import { describe, expect, it } from 'vitest';
import type { PoolPicture } from '../../../../src/cli/top/picture.js';
import { type Frame, type FrameSize, renderFrame } from '../../../../src/cli/top/render-frame.js';
import { openingView } from '../../../../src/cli/top/view-state.js';
import type { EpochMs } from '../../../../src/time/duration.js';
import {
  listed,
  pictureAt,
  poolPicture,
  recentEntry,
  topBreaker,
  topQueue,
  workerView,
} from '../../../support/pool-picture.js';

const plain = (_format: unknown, text: string): string => text;

const textOf = (given: Partial<Frame>): string =>
  renderFrame(
    { picture: poolPicture(), view: openingView, size: { columns: 100, rows: 24 }, live: true, ...given },
    plain,
  )
    .map(({ text }) => text.trimEnd())
    .join('\n');

const nobody = { group: 'default', desired: 0, current: 0, why: 'idle' };

const badDay = poolPicture({
  overload: {
    share: 0.4,
    reason: 'overload',
    classes: { critical_plus: 0, critical: 0, sheddable_plus: 0.25, sheddable: 1 },
    order: null,
  },
  queues: listed([
    topQueue({
      jobs: { waiting: 120, active: 10, delayed: 40, dead_lettered: 3 },
      oldestAgeMs: 42_000,
      rates: { inPerSecond: 31.2, outPerSecond: 24 },
      setAside: { shed: 0, retryBudget: 12 },
    }),
    topQueue({
      queue: 'thumbnails',
      criticality: 'sheddable',
      sloMs: 600_000,
      jobs: { waiting: 1_204_000 },
      oldestAgeMs: 400_000,
      rates: { inPerSecond: 0.25, outPerSecond: 0 },
      shed: { share: 1, opening: 0, full: false },
      setAside: { shed: 900, retryBudget: 0 },
    }),
    topQueue({ queue: 'webhooks', paused: true, rates: null }),
  ]),
  workers: listed([
    workerView({ id: 'vm-1-aa', usable: 6, busy: 6 }),
    workerView({ id: 'vm-2-bb', state: 'silent', beatAgeMs: 9_000 }),
    workerView({ id: 'vm-3-cc', state: 'blocked', loopDelayMs: 3_400 }),
  ]),
  breakers: listed([
    topBreaker({ name: 'smtp', phase: 'open', reason: 'failure_rate', until: (pictureAt + 3_000) as EpochMs }, 40),
  ]),
  groups: [{ group: 'default', desired: 6, current: 3, why: 'backlog' }],
  decisions: [
    recentEntry({}),
    recentEntry({ what: 'dead_letters.redrive', subject: 'email', count: 12, by: 'ada@ops', why: 'operator' }),
  ],
});

describe('a frame', () => {
  it('says of a pool without trouble that it is healthy', () => {
    expect(textOf({})).toMatchInlineSnapshot(`
      "bulwark top  bulwark  12:00:00 UTC  led by supervisor-1 for 12m (epoch 3)  Redis 41 MiB  redis://12…
      healthy
      nothing gives way

      1 QUEUE  WAITING  ACTIVE  DELAYED  DEAD  OLDEST  SLO  IN/S  OUT/S  CLASS
      email          0       0        0     0       -  30s     0      0  critical

      2 WORKERS 2/20  STATE    BUSY   BEAT  LOOP  MEMORY  UPTIME  LONGEST
      w1              running  2/10  300ms  12ms  90 MiB  3m 20s  4.2s send-receipt
      w2              running  0/10  300ms  12ms  90 MiB  3m 20s  -

      1 GROUP  WANTED  WORKERS  WHY
      default       2        2  floor










      p pause  s sort: urgent  / filter  ? help  q quit"
    `);
  });

  it.each<[string, Partial<PoolPicture>, string]>([
    ['calmly that nobody works where nobody is wanted', {}, 'no worker runs, and none is wanted'],
    ['that nobody works where somebody is wanted', { groups: [{ ...nobody, desired: 1 }] }, 'no worker runs'],
    ['that nobody works where no group is scaled', { groups: [] }, 'no worker runs'],
    ['that nobody works while jobs wait', { queues: listed([topQueue({ jobs: { waiting: 1 } })]) }, 'no worker runs'],
    ['that nobody works and nobody leads', { leader: null }, 'no worker runs  nobody leads'],
  ])('says %s', (_what, given, expected) => {
    const picture = poolPicture({ workers: listed([]), groups: [nobody], ...given });

    expect(textOf({ picture }).split('\n')[1]).toBe(expected);
  });

  it('says first what is wrong, and marks it where it stands', () => {
    expect(textOf({ picture: badDay, size: { columns: 110, rows: 30 } })).toMatchInlineSnapshot(`
      "bulwark top  bulwark  12:00:00 UTC  led by supervisor-1 for 12m (epoch 3)  Redis 41 MiB  redis://127.0.0.1:63…
      1 worker silent  late: email  breaker smtp open  40 % gives way  1 worker blocked  paused: webhooks
      40 % gives way: more arrives than can be done in time  (sheddable 100 %, sheddable_plus 25 %)

      3 QUEUES           WAITING  ACTIVE  DELAYED  DEAD  OLDEST  SLO  IN/S  OUT/S  GIVES WAY  SET ASIDE    CLASS
      email                  120      10       40     3   42s !  30s    31     24  -          12 no retr…  critical
      thumbnails            1.2M       0        0     0  6m 40s  10m   0.3      0  shut       900 shed     sheddable
      webhooks (paused)        0       0        0     0       -  30s     …      …  -                       critical

      1 BREAKER  STATE  FOR  SET ASIDE  WHY                NEXT
      smtp       open   12s         40  most calls failed  probed again in 3.0s

      3 WORKERS 10/26  STATE    BUSY   BEAT  LOOP  MEMORY  UPTIME  LONGEST
      vm-2-bb          silent   2/10   9.0s  12ms  90 MiB  3m 20s  4.2s send-receipt
      vm-3-cc          blocked  2/10  300ms  3.4s  90 MiB  3m 20s  4.2s send-receipt
      vm-1-aa          running   6/6  300ms  12ms  90 MiB  3m 20s  4.2s send-receipt

      1 GROUP  WANTED  WORKERS  WHY
      default       6        3  backlog

      DECISIONS                           AGO  WHY           BY
      breaker.open smtp                1m 35s  failure_rate  supervisor-1
      dead_letters.redrive email (12)  1m 35s  operator      ada@ops






      p pause  s sort: urgent  / filter  ? help  q quit"
    `);
  });

  it('on a small terminal shows what matters first, and how much it leaves out', () => {
    const queues = Array.from({ length: 30 }, (_, n) => topQueue({ queue: `queue-${String(n).padStart(2, '0')}` }));
    const picture = { ...badDay, queues: listed(queues, 240) };

    expect(textOf({ picture, size: { columns: 60, rows: 24 } })).toMatchInlineSnapshot(`
      "bulwark top  bulwark  12:00:00 UTC  led by supervisor-1 for…
      1 worker silent  breaker smtp open  40 % gives way  1 worke…
      40 % gives way: more arrives than can be done in time  (she…
      240 QUEUES  WAITING  ACTIVE  DEAD  OLDEST  SLO  IN/S  OUT/S
      queue-00          0       0     0       -  30s     0      0
      queue-01          0       0     0       -  30s     0      0
      queue-02          0       0     0       -  30s     0      0
      queue-03          0       0     0       -  30s     0      0
      queue-04          0       0     0       -  30s     0      0
      queue-05          0       0     0       -  30s     0      0
      queue-06          0       0     0       -  30s     0      0
      … 233 more
      1 BREAKER  STATE  FOR  SET ASIDE  WHY           NEXT
      smtp       open   12s         40  most calls …  probed agai…
      3 WORKERS 10/26  STATE    BUSY  LOOP  MEMORY  LONGEST
      vm-2-bb          silent   2/10  12ms  90 MiB  4.2s send-rec…
      vm-3-cc          blocked  2/10  3.4s  90 MiB  4.2s send-rec…
      vm-1-aa          running   6/6  12ms  90 MiB  4.2s send-rec…
      1 GROUP  WANTED  WORKERS  WHY
      default       6        3  backlog
      DECISIONS                      AGO  WHY           BY
      breaker.open smtp           1m 35s  failure_rate  superviso…
      dead_letters.redrive emai…  1m 35s  operator      ada@ops
      p pause  s sort: urgent  / filter  ? help  q quit"
    `);
  });

  it('says how old the picture is when it is, and keeps it', () => {
    const text = textOf({
      notice: 'Redis does not answer: this is how it was 12s ago',
      size: { columns: 60, rows: 8 },
    });

    expect(text).toMatchInlineSnapshot(`
      "bulwark top  bulwark  12:00:00 UTC  led by supervisor-1 for…
      Redis does not answer: this is how it was 12s ago
      nothing gives way
      1 QUEUE  WAITING  ACTIVE  DEAD  OLDEST  SLO  IN/S  OUT/S
      email          0       0     0       -  30s     0      0
      2 WORKERS 2/20  STATE    BUSY  LOOP  MEMORY  LONGEST
      w1              running  2/10  12ms  90 MiB  4.2s send-rece…
      p pause  s sort: urgent  / filter  ? help  q quit"
    `);
  });

  it('explains keys and columns', () => {
    expect(textOf({ view: { ...openingView, help: true }, size: { columns: 60, rows: 20 } })).toMatchInlineSnapshot(`
      "bulwark top  bulwark  12:00:00 UTC  led by supervisor-1 for…
      healthy
      nothing gives way

      q, Ctrl-C    quit
      p, space     pause: Redis is not asked any more
      s            sort queues: urgent, name, waiting, rate
      /            show only queues whose name holds a text; Esc …
      Ctrl-L       draw everything anew
      ?            this page, and back

      WAITING      could run now; DELAYED are due later, or set a…
      OLDEST       how long the oldest of them has waited; ! is l…
      IN/S, OUT/S  jobs a second that came and that left for good…
      GIVES WAY    the part of what arrives that is shed; shut, f…
      BUSY         running jobs, and the slots that may be used n…
      LOOP         longest time the event loop was held up betwee…
      LONGEST      what has been running longest

      p pause  s sort: urgent  / filter  ? help  q quit"
    `);
  });

  it('shows queues as they were asked for, and what was typed', () => {
    const view = { ...openingView, filter: 'il', typing: true, order: 'waiting' } as const;

    const lines = textOf({ picture: badDay, view, size: { columns: 80, rows: 24 } }).split('\n');

    expect(lines.filter((line) => /^(email|thumbnails|webhooks)/.test(line)).map((line) => line.slice(0, 5))).toEqual([
      'thumb',
      'email',
    ]);
    expect(lines.at(-1)).toBe('p pause  s sort: waiting  /il▏ Enter keeps, Esc clears  ? help  q quit');
  });

  it.each([
    [1, 1],
    [10, 3],
    [20, 4],
    [30, 9],
    [60, 24],
    [200, 60],
  ])('is never wider than %i columns nor longer than %i lines', (columns, rows) => {
    for (const live of [true, false]) {
      const size: FrameSize = { columns, rows };
      const lines = renderFrame({ picture: badDay, view: openingView, size, live }, plain);

      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const { text, width } of lines) {
        expect(text.length).toBe(width);
        expect(width).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('lets nothing that a job brought along play with the terminal', () => {
    const evil = topQueue({ queue: 'a\u001b[2Jb\nc\u202ed' });

    const text = textOf({ picture: poolPicture({ queues: listed([evil]) }) });

    expect(text).toContain('ab cd');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});
