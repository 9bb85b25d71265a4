import { type FileHandle, open } from 'node:fs/promises';
import type { ChainPoint } from '../../audit/chain.js';
import { entryOfLine } from '../../audit/stored-entry.js';
import { errorMessage } from '../../errors/error-message.js';
import { UsageError } from '../usage-error.js';

/** A file of exported entries, to which more are added. */
export interface ArchiveFile {
  /** The last entry that it has; undefined when it is empty. */
  readonly last: ChainPoint | undefined;
  add(lines: string): Promise<boolean>;
  /** Returns when what was added is on the disk. */
  close(): Promise<void>;
}

/** No entry is longer by far. */
const longestLine = 1 << 20;

/**
 * Opens a file of exported entries, or makes one. A last line that was not written to its end, because an export was cut off, is taken out:
 * it comes again.
 *
 * @throws UsageError when the file cannot be written, or is none of exported entries.
 */
export async function openArchive(path: string): Promise<ArchiveFile> {
  const file = await open(path, 'a+').catch((cause: unknown) => {
    throw new UsageError(`${path} cannot be written: ${errorMessage(cause)}`);
  });
  try {
    const last = await lastEntry(file, path);
    return {
      last,
      add: async (lines) => {
        await file.appendFile(lines);
        return true;
      },
      close: async () => {
        await file.sync();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function lastEntry(file: FileHandle, path: string): Promise<ChainPoint | undefined> {
  const { size } = await file.stat();
  const length = Math.min(size, longestLine);
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
  const whole = buffer.lastIndexOf('\n') + 1;
  const torn = buffer.subarray(whole).toString('utf8');
  const last = whole === 0 ? undefined : lastOf(buffer.subarray(0, whole - 1).toString('utf8'), path);
  if (torn !== '' && last === undefined && !torn.startsWith('{"v":')) throw notOurs(path);
  if (torn !== '') await file.truncate(size - length + whole);
  return last;
}

function lastOf(lines: string, path: string): ChainPoint {
  const { number, fields } = entryOfLine(path, lines.slice(lines.lastIndexOf('\n') + 1));
  if (number === undefined || fields['hash'] === undefined) throw notOurs(path);
  return { seq: number, hash: fields['hash'] };
}

function notOurs(path: string): UsageError {
  return new UsageError(`${path} holds something else than exported entries: name another file`);
}
