import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import type { ChainPoint } from '../../audit/chain.js';
import { type ChainReport, ChainVerifier } from '../../audit/chain-verifier.js';
import { entryOfLine } from '../../audit/stored-entry.js';
import { errorMessage } from '../../errors/error-message.js';
import { UsageError } from '../usage-error.js';

/**
 * Goes through an export, line by line.
 *
 * @throws UsageError when the file cannot be read.
 */
export async function verifyFile(path: string, kept: readonly ChainPoint[]): Promise<ChainReport> {
  const verifier = new ChainVerifier({ kept, isPart: true });
  const name = basename(path);
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      verifier.add(entryOfLine(`${name}:${number}`, line));
    }
  } catch (cause) {
    throw new UsageError(`${path} cannot be read: ${errorMessage(cause)}`);
  }
  return verifier.report();
}
