import type { IRedisClient } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { scriptClient } from '../../../src/transport/script-client.js';

/** A client of BullMQ's that is no ioredis: it knows scripts by name alone. */
function namedScripts() {
  const defined: [name: string, definition: unknown][] = [];
  const run: [name: string, words: unknown][] = [];
  const client = {
    defineCommand: (name: string, definition: unknown) => defined.push([name, definition]),
    runCommand: async (name: string, words: unknown) => {
      run.push([name, words]);
      return 'answer';
    },
  };
  return { client: scriptClient(client as unknown as IRedisClient), defined, run };
}

const sha = 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db'; // of `return 1`

describe('scripts on a client of BullMQ', () => {
  it('are defined when they are sent whole, and run by name', async () => {
    const { client, defined, run } = namedScripts();

    const answer = await client.eval('return 1', 1, 'key', 'word');

    expect(answer).toBe('answer');
    expect(defined).toEqual([[`bulwark:${sha}`, { numberOfKeys: 1, lua: 'return 1' }]]);
    expect(run).toEqual([[`bulwark:${sha}`, ['key', 'word']]]);
  });

  it('are run by hash from then on, without being defined again', async () => {
    const { client, defined, run } = namedScripts();
    await client.eval('return 1', 1, 'key', 'word');

    await client.evalsha(sha, 1, 'key', 'other');

    expect(defined).toHaveLength(1);
    expect(run.at(-1)).toEqual([`bulwark:${sha}`, ['key', 'other']]);
  });

  it('are not known before that', async () => {
    const { client } = namedScripts();

    await expect(client.evalsha(sha, 1, 'key')).rejects.toThrow(/^NOSCRIPT/);
  });
});
