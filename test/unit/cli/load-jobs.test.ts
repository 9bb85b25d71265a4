import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadJobs } from '../../../src/cli/load-jobs.js';
import { DefinitionError } from '../../../src/job/definition-error.js';
import { temporaryFolder } from '../../support/temp-folder.js';

/** What `defineJob` makes, written out: these modules live outside of any package. */
const definition = (kind: string): string =>
  `{ kind: '${kind}', queue: { name: 'q' }, payload: { '~standard': {} }, retry: {}, run() {} }`;

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const kindsOf = async (...paths: string[]): Promise<string[]> => (await loadJobs(paths)).map(({ kind }) => kind);

describe('loadJobs', () => {
  it('takes every definition that a file exports, once', async () => {
    const folder = folderWith({
      'jobs.mjs': `export const a = ${definition('a')}; export const b = ${definition('b')}; export default a; export const other = 7;`,
    });

    expect(await kindsOf(join(folder, 'jobs.mjs'))).toEqual(['a', 'b']);
  });

  it('takes a schema that is a function, as some libraries make them', async () => {
    const folder = folderWith({
      'jobs.mjs': `const payload = Object.assign(() => 1, { '~standard': {} });
        export default { kind: 'a', queue: { name: 'q' }, payload, retry: {}, run() {} };`,
    });

    expect(await kindsOf(join(folder, 'jobs.mjs'))).toEqual(['a']);
  });

  it('takes the modules directly in a folder and leaves helpers and everything else alone', async () => {
    const folder = folderWith({
      'a.js': `exports.default = ${definition('a')};`,
      'b.mjs': `import { queue } from './helper.mjs'; export default ${definition('b')};`,
      'helper.mjs': 'export const queue = 1;',
      'a.d.ts': 'export {};',
      'a.js.map': '{}',
      'deeper/c.mjs': `export default ${definition('c')};`,
    });

    expect(await kindsOf(folder)).toEqual(['a', 'b']);
  });

  it.each<[string, Readonly<Record<string, string>>, string, RegExp]>([
    ['a path where nothing is', {}, 'nowhere.js', /^no file or folder .*nowhere\.js; expected compiled definitions/],
    [
      'a file that exports none',
      { 'x.mjs': 'export const settings = {};' },
      'x.mjs',
      /exports settings \(object\); expected an export made by defineJob/,
    ],
    ['a file that exports nothing', { 'x.mjs': '' }, 'x.mjs', /exports nothing/],
    [
      'a file that does not load',
      { 'x.mjs': "import './missing.mjs';" },
      'x.mjs',
      /x\.mjs cannot be loaded: .*missing\.mjs/,
    ],
    [
      'a file that throws',
      { 'x.mjs': "throw new Error('WEBHOOK_SECRET is not set');" },
      'x.mjs',
      /cannot be loaded: WEBHOOK_SECRET is not set/,
    ],
    ['TypeScript', { 'x.ts': 'export {}' }, 'x.ts', /compile it and give the compiled file/],
    ['a file of another kind', { 'x.json': '{}' }, 'x.json', /expected a file ending in \.js, \.mjs, \.cjs/],
    ['a folder without modules', { 'x/readme.md': '' }, 'x', /no module in folder/],
    [
      'a folder without definitions',
      { 'x/helper.mjs': 'export const a = 1' },
      'x',
      /no definition of a job in folder .* which has helper\.mjs/,
    ],
  ])('refuses %s', async (_title, files, path, message) => {
    const folder = folderWith(files);

    const refusal = await loadJobs([join(folder, path)]).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(DefinitionError);
    expect((refusal as Error).message).toMatch(message);
  });
});
