import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

export function declareAuditHead(audit: Command, act: Act): void {
  audit
    .command('head')
    .summary('number and hash of the last entry, to be kept elsewhere')
    .description(
      'Shows number and hash of the last entry as `<seq>:<hash>`. Kept where nobody who can write to Redis can, it proves later, with ' +
        '`audit verify --kept`, that nothing up to that entry was changed.',
    )
    .action(act(showHead));
}

async function showHead(cli: Cli): Promise<number> {
  const { AuditReader } = await import('../../audit/audit-reader.js');
  const head = await cli.withRedis((redis) => new AuditReader(redis.client, redis.keyspace).head());
  cli.output.answer({ head: head ?? null }, () => (head ? `${head.seq}:${head.hash}` : ''));
  if (!head) cli.output.say('nothing was decided yet, or the head of the chain is lost: `audit verify` tells which');
  return exitCodes.done;
}
