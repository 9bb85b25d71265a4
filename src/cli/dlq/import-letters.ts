import { createReadStream } from 'node:fs';
import { decodeLetter, type RawLetter } from '../../dead-letter/letter-line.js';
import type { ImportReply } from '../../dead-letter/scripts.js';
import { errorMessage } from '../../errors/error-message.js';
import { UsageError } from '../usage-error.js';

const faultsShown = 20;
/** Whole letters are in memory meanwhile. */
const putAtOnce = 10;

/**
 * Reads a file of letters once to check it: nothing is imported when one line is wrong.
 *
 * @returns how many letters each queue has in it
 * @throws UsageError naming the lines and what is wrong with them.
 */
export async function checkLetters(file: string): Promise<ReadonlyMap<string, number>> {
  const queues = new Map<string, number>();
  const faults: string[] = [];
  for await (const { number, parsed } of linesOf(file)) {
    if ('fault' in parsed) faults.push(`  line ${number} ${parsed.fault}`);
    else queues.set(parsed.value.queue, (queues.get(parsed.value.queue) ?? 0) + 1);
    if (faults.length >= faultsShown) break;
  }
  if (faults.length > 0) throw new UsageError(`${file} cannot be imported, and nothing was:\n${faults.join('\n')}`);
  return queues;
}

/** Puts every letter of a file that was checked, and counts the answers. */
export async function importLetters(
  file: string,
  put: (letter: RawLetter) => Promise<ImportReply>,
  onProgress: (done: number) => void,
): Promise<Readonly<Record<ImportReply, number>>> {
  const counts = { imported: 0, dead: 0, live: 0 };
  let batch: RawLetter[] = [];
  let done = 0;
  const flush = async () => {
    for (const reply of await Promise.all(batch.map(put))) counts[reply] += 1;
    done += batch.length;
    batch = [];
    onProgress(done);
  };
  for await (const { number, parsed } of linesOf(file)) {
    if ('fault' in parsed)
      throw new UsageError(`${file} was changed while it was imported: line ${number} ${parsed.fault}`);
    batch.push(parsed.value);
    if (batch.length >= putAtOnce) await flush();
  }
  await flush();
  return counts;
}

async function* linesOf(file: string) {
  let number = 0;
  try {
    for await (const line of splitLines(createReadStream(file, 'utf8'))) {
      number += 1;
      if (line.trim() !== '') yield { number, parsed: decodeLetter(line) };
    }
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${errorMessage(error)}`, { cause: error });
  }
}

/** Splits at line feeds alone. `readline` takes U+2028 for the end of a line, too, and JSON has it inside of texts. */
async function* splitLines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let begun = '';
  for await (const chunk of chunks) {
    const [first = '', ...rest] = chunk.split('\n');
    begun += first;
    for (const line of rest) {
      yield begun;
      begun = line;
    }
  }
  yield begun;
}
