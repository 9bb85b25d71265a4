import { createHash } from 'node:crypto';
import type { IRedisClient } from 'bullmq';
import type { ScriptClient } from '../redis/define-script.js';

/**
 * Lets scripts run on whatever client BullMQ was given (ioredis, node-redis, a cluster …) in BullMQ's own way: a script is defined
 * once under a name, and run by that name from then on. The client itself tells Redis the text whenever Redis does not know it.
 */
export function scriptClient(client: IRedisClient): ScriptClient {
  const names = new Map<string, string>();
  return {
    async evalsha(sha, _numberOfKeys, ...words) {
      const name = names.get(sha);
      if (name === undefined) throw new Error('NOSCRIPT the script is not defined on this client yet');
      return client.runCommand(name, words);
    },
    async eval(source, numberOfKeys, ...words) {
      const sha = createHash('sha1').update(source).digest('hex');
      const name = `bulwark:${sha}`;
      client.defineCommand(name, { numberOfKeys, lua: source });
      names.set(sha, name);
      return client.runCommand(name, words);
    },
  };
}
