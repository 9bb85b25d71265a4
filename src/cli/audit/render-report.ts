import { type ChainBreak, spokenBreak } from '../../audit/chain-break.js';
import type { ChainReport } from '../../audit/chain-verifier.js';
import type { Paint } from '../output.js';
import { renderTable } from '../table.js';
import { counted } from '../wording.js';

/** What came of looking at the chain, for people. */
export function renderReport(report: ChainReport, paint: Paint): string {
  const { sound, first, last, breaks, broken, trimmed, gone, unchained } = report;
  const extent = first && last ? `, ${first.seq} to ${last.seq}` : '';
  const notes = [
    gone > 0
      ? `${counted(gone, 'entry', 'entries')} before ${first?.seq}: gone with their days, or gave way when a day was full`
      : '',
    trimmed > 0 ? `${counted(trimmed, 'entry', 'entries')} gave way because a day was full: the chain says so` : '',
    unchained > 0 ? `${counted(unchained, 'entry', 'entries')} from before there was a chain` : '',
    last ? `last entry ${last.seq}:${last.hash}` : '',
  ].filter((note) => note !== '');
  const verdict =
    broken === 0
      ? `${paint('green', 'the chain holds')}: ${counted(sound, 'entry', 'entries')}${extent}`
      : `${paint('red', 'the chain is broken')} in ${counted(broken, 'place')}; ${counted(sound, 'entry is', 'entries are')} sound${extent}`;
  return [verdict, ...(broken === 0 ? [] : [renderBreaks(breaks, paint)]), ...notes].join('\n');
}

function renderBreaks(breaks: readonly ChainBreak[], paint: Paint): string {
  return renderTable(
    [
      { title: 'entry', value: ({ seq }) => (seq === null ? '-' : String(seq)), align: 'right' },
      { title: 'where', value: ({ place }) => place },
      { title: 'what', value: ({ kind }) => spokenBreak(kind), format: () => 'red' },
      { title: 'how it shows', value: ({ detail }) => detail },
    ],
    breaks,
    paint,
  );
}
