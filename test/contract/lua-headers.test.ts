import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type * as DefineScript from '../../src/redis/define-script.js';

interface DefinedScript {
  readonly file: string;
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

const defined = vi.hoisted((): DefinedScript[] => []);

// Most scripts are private to their store: every definition is seen on its way through defineScript.
vi.mock('../../src/redis/define-script.js', async (importOriginal) => {
  const original = await importOriginal<typeof DefineScript>();
  const defineScript: typeof DefineScript.defineScript = (definition) => {
    const args = definition.rest ? [...definition.args, 'rest'] : definition.args;
    defined.push({ file: definition.file.href, keys: definition.keys, args });
    return original.defineScript(definition);
  };
  return { ...original, defineScript };
});

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((name) => join('src', name));
const luaFiles = sources
  .filter((path) => path.endsWith('.lua'))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));

/** The numbered lines of a section: `KEYS  1 leader  hash  …` and those below it. */
function namesIn(header: string, section: string): { readonly numbers: number[]; readonly names: string[] } {
  const lines = header.split('\n');
  const first = lines.findIndex((line) => line.startsWith(`${section} `));
  if (first === -1) return { numbers: [], names: [] };
  const after = lines.findIndex((line, index) => index > first && /^[A-Z]/.test(line));
  const entries = lines
    .slice(first, after === -1 ? undefined : after)
    .map((line) => /^(?:[A-Z]+| {5}) *(\d+) (\w+)\b/.exec(line))
    .filter((match) => match !== null);
  return { numbers: entries.map((match) => Number(match[1])), names: entries.map((match) => match[2] ?? '') };
}

const scripts = luaFiles
  .filter(({ text }) => /^KEYS /m.test(text))
  .map(({ path, text }) => {
    const [, header = '', code = ''] = /^--\[\[\n([\s\S]*?)\n\]\]([\s\S]*)$/.exec(text) ?? [];
    return { path, name: basename(path, '.lua'), header, code };
  });
const fragments = luaFiles.filter(({ text }) => !/^KEYS /m.test(text));

beforeAll(async () => {
  const definers = sources.filter(
    (path) =>
      path.endsWith('.ts') && /\bdefineScript\(/.test(readFileSync(path, 'utf8')) && !path.endsWith('define-script.ts'),
  );
  for (const path of definers) await import(pathToFileURL(path).href);
});

const definitionOf = (path: string): DefinedScript | undefined =>
  defined.find(({ file }) => file === pathToFileURL(path).href);

describe('the scripts', () => {
  it('are each defined once, and no definition is without its script', () => {
    expect(scripts.length).toBeGreaterThan(10);
    expect(defined.map(({ file }) => file).sort()).toEqual(scripts.map(({ path }) => pathToFileURL(path).href).sort());
  });
});

describe.each(scripts)('$path', ({ path, name, header, code }) => {
  it('begins with its name and what it is for', () => {
    expect(header).toMatch(new RegExp(`^${name}: \\S.*`));
  });

  it.each(['KEYS', 'ARGV'])('numbers its %s from 1', (section) => {
    const { numbers } = namesIn(header, section);

    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  it('names its keys and arguments as its definition does, in the same order', () => {
    const definition = definitionOf(path);

    expect({ keys: namesIn(header, 'KEYS').names, args: namesIn(header, 'ARGV').names }).toEqual({
      keys: definition?.keys,
      args: definition?.args,
    });
  });

  it('says what it replies, what it writes and what it costs, in this order', () => {
    expect(header).toMatch(/^KEYS [\s\S]*^ARGV [\s\S]*^REPLY +\S[\s\S]*^WRITES +\S.*\bCOST O\(/m);
  });

  it('reads no key and no argument that its header does not name', () => {
    for (const section of ['KEYS', 'ARGV']) {
      const read = [...code.matchAll(new RegExp(`\\b${section}\\[(\\d+)\\]`, 'g'))].map((match) => Number(match[1]));

      expect(Math.max(0, ...read), section).toBeLessThanOrEqual(namesIn(header, section).names.length);
    }
  });

  it('unpacks keys and arguments under the names of its header', () => {
    for (const [, names = '', section = ''] of code.matchAll(/^local ([\w, ]+) = unpack\((KEYS|ARGV)\)$/gm)) {
      const unpacked = names.split(', ');

      expect(unpacked, section).toEqual(namesIn(header, section).names.slice(0, unpacked.length));
    }
  });
});

describe('the shared functions', () => {
  it.each(fragments)('$path is included somewhere, and says what it is for', ({ path, text }) => {
    const includes = luaFiles.filter(
      (file) => file.text.includes(`/${basename(path)}"`) || file.text.includes(`"${basename(path)}"`),
    );

    expect(includes.length).toBeGreaterThan(0);
    expect(text).toMatch(/^(--- @include "[^"]+"\n)*--\[\[\n\S/);
  });
});
