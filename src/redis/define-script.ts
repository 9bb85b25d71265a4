import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BulwarkError } from '../errors/bulwark-error.js';

/** Thrown when a script answered something its header does not promise. A bug: please report it. */
export class ScriptContractError extends BulwarkError {
  readonly code = 'BULWARK_SCRIPT_CONTRACT';
  readonly retryable = false;
}

/** What goes over the wire as one argument. */
export type ScriptArgument = string | number | Buffer;

/** What runs scripts: every Redis client of ours does. */
export interface ScriptClient {
  evalsha(sha: string, numberOfKeys: number, ...words: ScriptArgument[]): Promise<unknown>;
  eval(source: string, numberOfKeys: number, ...words: ScriptArgument[]): Promise<unknown>;
}

export interface ScriptDefinition<K extends string, A extends string, R> {
  /** The Lua file: `new URL('./x.lua', import.meta.url)`. */
  readonly file: URL;
  /** Names of the keys, in the order of the header. */
  readonly keys: readonly K[];
  /** Names of the arguments, in the order of the header. */
  readonly args: readonly A[];
  /** Whether more words follow the named ones; the header then names them `rest`. */
  readonly rest?: true;
  /** Turns the raw reply into a value of the program: the only code that sees a number from Lua. */
  readonly reply: (raw: unknown) => R;
}

export interface Script<K extends string, A extends string, R> {
  readonly name: string;
  readonly definition: ScriptDefinition<K, A, R>;
  readonly source: string;
  /**
   * Runs the script on Redis.
   *
   * @throws ScriptContractError when the reply cannot be understood; what ioredis throws when Redis cannot be asked.
   */
  run(
    client: ScriptClient,
    keys: Readonly<Record<K, string>>,
    args: Readonly<Record<A, ScriptArgument>>,
    rest?: readonly ScriptArgument[],
  ): Promise<R>;
}

/** Declares a Lua script by its file and the names in its header, and gives it typed keys, arguments and reply. */
export function defineScript<const K extends string, const A extends string, R>(
  definition: ScriptDefinition<K, A, R>,
): Script<K, A, R> {
  const name = definition.file.pathname.slice(definition.file.pathname.lastIndexOf('/') + 1, -'.lua'.length);
  const source = readWithIncludes(definition.file, new Set());
  const sha = createHash('sha1').update(source).digest('hex');
  return {
    name,
    definition,
    source,
    async run(client, keys, args, rest = []) {
      const words = [...definition.keys.map((key) => keys[key]), ...definition.args.map((arg) => args[arg]), ...rest];
      const raw = await evaluate(client, sha, source, definition.keys.length, words);
      try {
        return definition.reply(raw);
      } catch (cause) {
        throw new ScriptContractError(
          `${name}.lua answered ${JSON.stringify(raw)}, which its header does not promise`,
          {
            cause,
          },
        );
      }
    },
  };
}

/** By hash first; the whole text only when Redis does not know the script (first use, restart, failover, SCRIPT FLUSH). */
async function evaluate(
  client: ScriptClient,
  sha: string,
  source: string,
  numberOfKeys: number,
  words: ScriptArgument[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, numberOfKeys, ...words);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return client.eval(source, numberOfKeys, ...words);
  }
}

const includePattern = /^--- @include "([^"]+)"[ \t]*$/gm;

/** Puts the text of each `--- @include "file"` in place of the line, once per script. */
function readWithIncludes(file: URL, seen: Set<string>): string {
  return readFileSync(file, 'utf8').replace(includePattern, (_line, path: string) => {
    const included = new URL(path, file);
    if (seen.has(included.href)) return '';
    seen.add(included.href);
    return readWithIncludes(included, seen);
  });
}
