import { adviceOn } from '../../dead-letter/reason-advice.js';
import type { DeadLetter } from '../../dead-letter/record.js';
import { moment, page } from '../jobs/page.js';
import type { Paint } from '../output.js';
import { printable } from '../wording.js';

/** A dead letter, as a page of text. */
export function renderLetter(letter: DeadLetter, paint: Paint): string {
  const { error, steps, trail } = letter;
  return page(
    [
      ['dead letter', letter.deadId, 'bold'],
      ['job', letter.id === letter.deadId ? undefined : letter.id],
      ['queue', letter.queue],
      ['kind', `${letter.kind || 'none'}${letter.version === undefined ? '' : `, version ${letter.version}`}`],
      ['key', letter.key],
      ['tenant', letter.tenant],
      ['enqueued', moment(letter.enqueuedAt)],
      ['died', `${moment(letter.diedAt)} by ${letter.by}`],
      ['reason', letter.reason, 'red'],
      ['error', `${error.name}${error.code ? ` (${error.code})` : ''}: ${error.message}`],
      ['class', `${error.class}, fingerprint ${error.fingerprint}`],
      ['what to do', adviceOn(letter).hint],
      ['crashes', letter.crashes > 0 ? String(letter.crashes) : undefined],
      ['trace', letter.traceId],
      ['stack', error.stack?.split('\n').slice(1).join('\n')],
    ],
    letter,
    letter.payload,
    paint,
    [
      {
        title: 'steps that are done',
        lines: steps.map(({ name, at }) => `  ${printable(name)}${at === undefined ? '' : `, ${moment(at)}`}`),
      },
      {
        title: 'what else happened',
        lines: trail.map(
          ({ at, what, by }) => `  ${moment(at)} ${printable(`${what}${by === undefined ? '' : ` by ${by}`}`)}`,
        ),
      },
    ],
  );
}
