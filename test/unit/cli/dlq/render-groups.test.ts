import { expect, it } from 'vitest';
import { renderGroups } from '../../../../src/cli/dlq/render-groups.js';
import { LetterTally } from '../../../../src/dead-letter/group-letters.js';
import type { LetterSummary } from '../../../../src/dead-letter/record.js';
import type { EpochMs } from '../../../../src/time/duration.js';
import { aLetter } from '../../dead-letter/letter-summary.js';

const plain = (_format: unknown, text: string): string => text;
const at = (iso: string): EpochMs => Date.parse(iso) as EpochMs;
const now = at('2026-03-04T16:00:00Z');

function rendered(...letters: LetterSummary[]): string[] {
  const tally = new LetterTally();
  for (const letter of letters) tally.add(letter);
  return renderGroups(tally.groups(), now, plain).split('\n');
}

const refused = { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED smtp:25' };

it('says how many died of what, in which kind, since when, and what to do', () => {
  const lines = rendered(
    ...Array.from({ length: 12 }, (_, n) =>
      aLetter({ error: refused, diedAt: (at('2026-03-04T14:02:10Z') + n) as EpochMs }),
    ),
    aLetter({ kind: 'quote', reason: 'poison', diedAt: at('2026-03-03T09:00:00Z') }),
  );

  expect(lines).toEqual([
    '12 x connect ECONNREFUSED smtp:25 in send-receipt since 14:02 UTC, last 14:02 UTC',
    '     queue email, attempts_exhausted, fingerprint f00: redrive when what it depends on works again',
    ' 1 x Error: no paper in quote at 2026-03-03 09:00 UTC',
    '     queue email, poison, fingerprint f00: it takes its process down: read its crashes and fix the code before you redrive',
  ]);
});

it('lets nothing of an error play with the terminal, nor break its line', () => {
  const lines = rendered(
    aLetter({ kind: '\u001b[2Jk', error: { message: 'a\tb\u001b[2Jc', fingerprint: '\u0007f' }, diedAt: 0 as EpochMs }),
  );

  expect(lines[0]).toBe('1 x Error: a bc in k at unknown');
  expect(lines).toHaveLength(2);
  for (const control of ['\u0007', '\u001b']) expect(lines.join()).not.toContain(control);
});
