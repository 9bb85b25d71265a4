import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { basename, isAbsolute, relative, resolve, sep } from 'node:path';
import { PermanentError, TransientError } from 'bulwark';
import { formatBytes, type RawDocument } from './raw-document.js';

export interface FileRules {
  /** Nothing outside of it is read, whatever links say. */
  readonly root: string;
  readonly maxBytes: number;
}

/** What the file system says when the same path will fail again. */
const permanentCodes: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of the path is not a directory',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'its links lead in a circle',
  ENXIO: 'it is no regular file',
  EACCES: 'the worker may not read it',
  EPERM: 'the worker may not read it',
};

/**
 * Reads a file below the root.
 *
 * @throws PermanentError when it is missing, outside the root, no regular file, not readable or too large; TransientError
 * when the file system fails otherwise.
 */
export async function readFileDocument(path: string, { root, maxBytes }: FileRules): Promise<RawDocument> {
  try {
    const realRoot = await realpath(root);
    const target = resolve(root, path);
    // Judged before the file system is asked, so that a job cannot find out what lies outside.
    if (!isBelow(resolve(root), target) && !isBelow(realRoot, target)) throw outsideError(path);
    const realFile = await realpath(target);
    if (!isBelow(realRoot, realFile)) throw outsideError(path);
    // Links are resolved: one that appears at the last moment is refused, and a pipe must not hold the worker up.
    const file = await open(realFile, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const bytes = await readRegularFile(file, path, maxBytes);
      const identity = `file:${relative(realRoot, realFile).split(sep).join('/')}`;
      return { identity, name: basename(realFile), bytes, contentType: undefined, charset: undefined };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(error, path);
  }
}

function isBelow(directory: string, file: string): boolean {
  const way = relative(directory, file);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function outsideError(path: string): PermanentError {
  return new PermanentError(
    `${JSON.stringify(path)} leads out of the document root; DIGEST_ROOT of the workers says where documents may lie`,
  );
}

async function readRegularFile(file: FileHandle, path: string, maxBytes: number): Promise<Uint8Array> {
  const stats = await file.stat();
  if (!stats.isFile()) throw new PermanentError(`${JSON.stringify(path)} cannot be read: it is no regular file`);
  if (stats.size > maxBytes) {
    throw new PermanentError(
      `${JSON.stringify(path)} has ${formatBytes(stats.size)}, at most ${formatBytes(maxBytes)} are read; DIGEST_MAX_BYTES raises that`,
    );
  }
  // One fixed buffer: a file that grows while it is read stays within what was checked.
  const buffer = Buffer.allocUnsafe(stats.size);
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function fileError(error: unknown, path: string): unknown {
  if (error instanceof PermanentError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = permanentCodes[code];
  return reason === undefined
    ? new TransientError(`${JSON.stringify(path)} could not be read: ${code || String(error)}`, { cause: error })
    : new PermanentError(`${JSON.stringify(path)} cannot be read: ${reason}`, { cause: error });
}
