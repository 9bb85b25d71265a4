import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { RedisClient } from '../../../src/redis/connection.js';
import { defineScript, ScriptContractError } from '../../../src/redis/define-script.js';
import { temporaryFolder } from '../../support/temp-folder.js';

/** Writes Lua files into a folder of their own and gives the address of the one that is called main.lua. */
function luaFiles(files: Readonly<Record<string, string>>): URL {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return pathToFileURL(join(folder, 'main.lua'));
}

function sourceOf(files: Readonly<Record<string, string>>): string {
  return defineScript({ file: luaFiles(files), keys: [], args: [], reply: (raw) => raw }).source;
}

/** A client that knows the scripts it was sent whole, and answers every one alike. */
function fakeClient(answer: unknown) {
  const calls: unknown[][] = [];
  const known = new Set<string>();
  const client = {
    evalsha: async (sha: string, ...words: unknown[]) => {
      calls.push(['evalsha', ...words]);
      if (!known.has(sha)) throw new Error('NOSCRIPT No matching script. Please use EVAL.');
      return answer;
    },
    eval: async (source: string, ...words: unknown[]) => {
      calls.push(['eval', ...words]);
      known.add(createHash('sha1').update(source).digest('hex'));
      return answer;
    },
  };
  return { client: client as unknown as RedisClient, calls };
}

const beatScript = () =>
  defineScript({
    file: luaFiles({ 'main.lua': 'return 1' }),
    keys: ['worker', 'workers'],
    args: ['id', 'ttl'],
    reply: (raw) => {
      if (raw !== 1) throw new TypeError('expected 1');
      return 'beaten' as const;
    },
  });

describe('defineScript', () => {
  it('names the script after its file', () => {
    expect(beatScript().name).toBe('main');
  });

  it('sends keys and arguments in the order of the definition, not of the call', async () => {
    const { client, calls } = fakeClient(1);

    await beatScript().run(client, { workers: 'W', worker: 'w' }, { ttl: 5, id: 'a' });

    expect(calls.at(-1)).toEqual(['eval', 2, 'w', 'W', 'a', 5]);
  });

  it('sends the whole text only when Redis does not know the script, and the hash from then on', async () => {
    const { client, calls } = fakeClient(1);
    const script = beatScript();

    await script.run(client, { worker: 'w', workers: 'W' }, { id: 'a', ttl: 5 });
    await script.run(client, { worker: 'w', workers: 'W' }, { id: 'a', ttl: 5 });

    expect(calls.map(([command]) => command)).toEqual(['evalsha', 'eval', 'evalsha']);
  });

  it('does not send it again when Redis cannot be asked at all', async () => {
    const calls: string[] = [];
    const client = {
      evalsha: async () => {
        calls.push('evalsha');
        throw new Error('Connection is closed.');
      },
      eval: async () => calls.push('eval'),
    } as unknown as RedisClient;

    const asked = beatScript().run(client, { worker: 'w', workers: 'W' }, { id: 'a', ttl: 5 });

    await expect(asked).rejects.toThrow('Connection is closed.');
    expect(calls).toEqual(['evalsha']);
  });

  it('gives what the reply is decoded to', async () => {
    const { client } = fakeClient(1);

    expect(await beatScript().run(client, { worker: 'w', workers: 'W' }, { id: 'a', ttl: 5 })).toBe('beaten');
  });

  it('says so when the reply is not what the header promises', async () => {
    const { client } = fakeClient(['surprise', 2]);

    const asked = beatScript().run(client, { worker: 'w', workers: 'W' }, { id: 'a', ttl: 5 });

    await expect(asked).rejects.toThrow(
      new ScriptContractError('main.lua answered ["surprise",2], which its header does not promise'),
    );
    await expect(asked).rejects.toMatchObject({
      code: 'BULWARK_SCRIPT_CONTRACT',
      cause: new TypeError('expected 1'),
    });
  });

  it('fails where it is declared when there is no such file', () => {
    const file = new URL('./missing.lua', luaFiles({}));

    expect(() => defineScript({ file, keys: [], args: [], reply: (raw) => raw })).toThrow(/ENOENT.*missing\.lua/);
  });
});

describe('an include', () => {
  it('puts the text of the other file in place of its line', () => {
    const source = sourceOf({
      'main.lua': 'a()\n--- @include "b.lua"\nc()',
      'b.lua': 'local function b() end',
    });

    expect(source).toBe('a()\nlocal function b() end\nc()');
  });

  it('is found from the folder of the file it stands in', () => {
    const source = sourceOf({
      'main.lua': '--- @include "shared/b.lua"',
      'shared/b.lua': '--- @include "c.lua"\nb()',
      'shared/c.lua': 'c()',
    });

    expect(source).toBe('c()\nb()');
  });

  it('is put in once, however many files ask for it, and before the first of them', () => {
    const source = sourceOf({
      'main.lua': '--- @include "b.lua"\n--- @include "c.lua"\n--- @include "d.lua"\nmain()',
      'b.lua': '--- @include "d.lua"\nb()',
      'c.lua': '--- @include "./d.lua"\nc()',
      'd.lua': 'd()',
    });

    expect(source.split('\n').filter((line) => line !== '')).toEqual(['d()', 'b()', 'c()', 'main()']);
  });

  it('ends when two files ask for each other', () => {
    const source = sourceOf({
      'main.lua': '--- @include "b.lua"',
      'b.lua': '--- @include "c.lua"\nb()',
      'c.lua': '--- @include "b.lua"\nc()',
    });

    expect(source.split('\n').filter((line) => line !== '')).toEqual(['c()', 'b()']);
  });

  it('may hold what a pattern of replacement would take for a sign', () => {
    expect(sourceOf({ 'main.lua': '--- @include "b.lua"', 'b.lua': `local price = '$&$1'` })).toBe(
      `local price = '$&$1'`,
    );
  });

  it.each(['-- @include "b.lua"', '  --- @include "b.lua"', 'x() --- @include "b.lua"'])(
    'is no include when it is written as %j',
    (line) => {
      expect(sourceOf({ 'main.lua': line })).toBe(line);
    },
  );
});
