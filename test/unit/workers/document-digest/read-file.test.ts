import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PermanentError } from 'bulwark';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readFileDocument } from '../../../../workers/document-digest/read-file.js';

/** A root with one document, beside a directory that is none of its business. */
async function createRoot() {
  const base = await mkdtemp(join(tmpdir(), 'bulwark-root-'));
  onTestFinished(() => rm(base, { recursive: true }));
  const root = join(base, 'root');
  await mkdir(join(root, 'docs'), { recursive: true });
  await writeFile(join(root, 'docs', 'guide.md'), '# Guide\n');
  await writeFile(join(base, 'secret.md'), 'secret');
  return { base, root };
}

describe('readFileDocument', () => {
  it.each(['docs/guide.md', './docs/../docs/guide.md'])('reads %s and names the place', async (path) => {
    const { root } = await createRoot();

    const document = await readFileDocument(path, { root, maxBytes: 8 });

    expect(document).toMatchObject({ identity: 'file:docs/guide.md', name: 'guide.md' });
    expect(Buffer.from(document.bytes).toString()).toBe('# Guide\n');
  });

  it('reads through a link that stays below the root, and names the place it leads to', async () => {
    const { root } = await createRoot();
    await symlink('docs/guide.md', join(root, 'latest.md'));

    const document = await readFileDocument('latest.md', { root, maxBytes: 100 });

    expect(document.identity).toBe('file:docs/guide.md');
  });

  it('reads an absolute path below the root', async () => {
    const { root } = await createRoot();

    const document = await readFileDocument(join(root, 'docs/guide.md'), { root, maxBytes: 100 });

    expect(document.identity).toBe('file:docs/guide.md');
  });

  it.each([
    ['../secret.md', 'leads out of the document root; DIGEST_ROOT'],
    ['docs/../../secret.md', 'leads out of the document root; DIGEST_ROOT'],
    ['/etc/passwd', 'leads out of the document root; DIGEST_ROOT'],
    ['link.md', 'leads out of the document root; DIGEST_ROOT'],
    ['linked/secret.md', 'leads out of the document root; DIGEST_ROOT'],
    ['missing.md', '"missing.md" cannot be read: there is no such file'],
    ['docs/guide.md/more', 'cannot be read: a part of the path is not a directory'],
    ['docs', '"docs" cannot be read: it is no regular file'],
    ['loop.md', 'its links lead in a circle'],
    ['large.md', '"large.md" has 2.0 KiB, at most 1.0 KiB are read; DIGEST_MAX_BYTES raises that'],
  ])('refuses %s for good', async (path, message) => {
    const { base, root } = await createRoot();
    await symlink(join(base, 'secret.md'), join(root, 'link.md'));
    await symlink(base, join(root, 'linked'));
    await symlink('loop.md', join(root, 'loop.md'));
    await writeFile(join(root, 'large.md'), 'x'.repeat(2048));

    const reading = readFileDocument(path, { root, maxBytes: 1024 });

    await expect(reading).rejects.toBeInstanceOf(PermanentError);
    await expect(reading).rejects.toThrow(message);
  });

  it.skipIf(process.platform === 'win32')('does not wait for a pipe that nobody writes to', async () => {
    const { root } = await createRoot();
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(root, 'pipe.md')]);

    await expect(readFileDocument('pipe.md', { root, maxBytes: 1024 })).rejects.toThrow(
      'cannot be read: it is no regular file',
    );
  });

  it.skipIf(process.platform === 'win32')('takes a socket for no document', async () => {
    const { root } = await createRoot();
    const server = createServer().listen(join(root, 'socket.md'));
    await once(server, 'listening');
    onTestFinished(() => void server.close());

    const reading = readFileDocument('socket.md', { root, maxBytes: 1024 });

    await expect(reading).rejects.toBeInstanceOf(PermanentError);
    await expect(reading).rejects.toThrow('it is no regular file');
  });
});
