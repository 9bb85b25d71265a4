import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type PayloadSources, readPayloads } from '../../../../src/cli/enqueue/read-payloads.js';
import { UsageError } from '../../../../src/cli/usage-error.js';
import { temporaryFolder } from '../../../support/temp-folder.js';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
});
afterEach(() => vi.restoreAllMocks());

const put = (...files: string[]): void => {
  for (const file of files) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), 'text');
  }
};

const read = (given: Partial<PayloadSources>, stdin = ''): ReturnType<typeof readPayloads> =>
  readPayloads({ json: undefined, file: undefined, glob: undefined, stdin: Readable.from([stdin]), ...given });

describe('readPayloads', () => {
  it('reads the one payload of the command line', async () => {
    expect(await read({ json: '{"a":1}' })).toEqual([{ origin: '', read: { payload: { a: 1 } } }]);
  });

  it('reads a payload from each line of a file and remembers the number of the line', async () => {
    const file = join(folder, 'x.jsonl');
    writeFileSync(file, '\uFEFF{"a":1}\r\n\n  \n{"a":2}\n');

    expect(await read({ file })).toEqual([
      { origin: 'line 1', read: { payload: { a: 1 } } },
      { origin: 'line 4', read: { payload: { a: 2 } } },
    ]);
  });

  it('reads lines from stdin', async () => {
    expect(await read({ file: '-' }, '{"a":1}\n7')).toEqual([
      { origin: 'line 1', read: { payload: { a: 1 } } },
      { origin: 'line 2', read: { payload: 7 } },
    ]);
  });

  it('keeps what is not JSON as a fault of its line', async () => {
    const [first] = await read({ file: '-' }, '{oops}');

    expect(first).toMatchObject({ origin: 'line 1', read: { fault: expect.stringContaining('is not JSON') } });
  });

  it('makes a payload of each file that fits, in order, and none of what nobody means', async () => {
    put('b.md', 'a.md', 'docs/c.md', 'a.txt', 'node_modules/x/d.md', '.git/e.md', '.bulwark/f.md', 'dist/g.md');

    const payloads = await read({ glob: ['**/*.md'] });

    expect(payloads.map(({ origin }) => origin)).toEqual(['a.md', 'b.md', 'docs/c.md']);
    expect(payloads[2]?.read).toEqual({ payload: { path: 'docs/c.md' } });
  });

  it('gives every file of a pattern what the JSON says for all', async () => {
    put('a.md');

    expect(await read({ glob: ['*.md'], json: '{"force":true}' })).toEqual([
      { origin: 'a.md', read: { payload: { force: true, path: 'a.md' } } },
    ]);
  });

  it.each<[string, Partial<PayloadSources>, RegExp]>([
    ['nothing', {}, /a job needs a payload/],
    ['a file and JSON', { file: 'x', json: '{}' }, /--file brings the payloads itself/],
    ['a file and a pattern', { file: 'x', glob: ['*'] }, /--file brings the payloads itself/],
    ['a file that is not there', { file: 'nowhere.jsonl' }, /nowhere\.jsonl cannot be read: ENOENT/],
    ['an empty stdin', { file: '-' }, /stdin has no line/],
    ['a pattern that fits no file', { glob: ['**/*.pdf'] }, /no file here fits \*\*\/\*\.pdf; quote patterns/],
    ['a pattern with JSON that is no object', { glob: ['*'], json: '[1]' }, /must be an object, got \[1\]/],
    ['a pattern with what is not JSON', { glob: ['*'], json: '{' }, /must be an object, got \{/],
  ])('refuses %s', async (_title, given, message) => {
    const refusal = await read(given).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(UsageError);
    expect((refusal as Error).message).toMatch(message);
  });
});
