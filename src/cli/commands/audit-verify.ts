import { type Command, InvalidArgumentError } from 'commander';
import type { ChainPoint } from '../../audit/chain.js';
import { startOf } from '../../audit/day.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { UsageError } from '../usage-error.js';

interface VerifyOptions {
  readonly since?: string;
  readonly kept?: readonly ChainPoint[];
  readonly file?: string;
}

const examples = `
Examples:
  bulwark audit verify                              all that is left in Redis
  bulwark audit verify --since 20261121             from that day on
  bulwark audit verify --kept 4711:3fa9…            and that this entry has the hash that it had
  bulwark audit verify --file audit.jsonl           what \`audit export\` wrote, without Redis

Exits with 1 when the chain is broken: an entry was altered, removed, inserted or moved. Entries that expired, or gave way because a day
was full, are told and break nothing.`;

export function declareAuditVerify(audit: Command, act: Act): void {
  audit
    .command('verify')
    .summary('whether anybody changed the audit stream')
    .description('Computes every hash of the audit stream again, and says where the chain does not hold, and how.')
    .option('--since <day>', 'from this day on, such as 20261121; a day is proven by what follows it', day)
    .option('--kept <seq:hash...>', 'what `audit head` said at another time', point)
    .option('--file <path>', 'look at an export instead')
    .addHelpText('after', examples)
    .action(act(verify));
}

async function verify(cli: Cli, { since, kept = [], file }: VerifyOptions): Promise<number> {
  if (file !== undefined && since !== undefined)
    throw new UsageError('--since is about days in Redis: leave it out, or --file');
  const { renderReport } = await import('../audit/render-report.js');
  const report =
    file === undefined ? await verifyRedis(cli, { kept, ...(since && { since }) }) : await verifyExport(file, kept);
  cli.output.answer({ holds: report.broken === 0, ...report }, () => renderReport(report, cli.output.paint));
  return report.broken === 0 ? exitCodes.done : exitCodes.problem;
}

async function verifyRedis(cli: Cli, options: { readonly kept: readonly ChainPoint[]; readonly since?: string }) {
  const { AuditReader } = await import('../../audit/audit-reader.js');
  const { verifyStream } = await import('../../audit/verify-stream.js');
  return cli.withRedis((redis) => verifyStream(new AuditReader(redis.client, redis.keyspace), options));
}

async function verifyExport(file: string, kept: readonly ChainPoint[]) {
  const { verifyFile } = await import('../audit/verify-file.js');
  return verifyFile(file, kept);
}

function day(text: string): string {
  if (startOf(text) !== undefined) return text;
  throw new InvalidArgumentError('Expected a day in UTC such as 20261121.');
}

function point(text: string, before: readonly ChainPoint[] = []): ChainPoint[] {
  const [, seq, hash] = /^([1-9]\d{0,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined) {
    throw new InvalidArgumentError('Expected <seq>:<hash> as `audit head` shows it.');
  }
  return [...before, { seq: Number(seq), hash }];
}
