import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { wholeNumber } from '../option-parsers.js';
import { UsageError } from '../usage-error.js';
import { counted } from '../wording.js';

interface ExportOptions {
  readonly after?: number;
  readonly file?: string;
}

const examples = `
Examples:
  bulwark audit export > audit.jsonl              all that is left in Redis
  bulwark audit export --after 4711 >> more.jsonl
  bulwark audit export --file audit.jsonl         what the file does not have yet; run it as often as you like

One JSON object a line, all values texts, with number and hash: \`audit verify --file\` proves that it is whole.`;

export function declareAuditExport(audit: Command, act: Act): void {
  audit
    .command('export')
    .summary('write the audit stream as lines of JSON')
    .description(
      'Writes entries to stdout, the oldest first, or adds to a file those that it does not have yet. They stay where they are. Exits with 1 ' +
        'when some were gone before they were exported, or do not follow from the last one of the file.',
    )
    .option('--after <seq>', 'only those after this number', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--file <path>', 'add to this file what comes after its last entry')
    .addHelpText('after', examples)
    .action(act(exportAudit));
}

async function exportAudit(cli: Cli, { after, file }: ExportOptions): Promise<number> {
  const { output } = cli;
  if (output.json) throw new UsageError('export writes JSON already, a line for each entry: leave --json out');
  if (file !== undefined && after !== undefined)
    throw new UsageError('--file goes on after its own last entry: leave --after out');
  const { AuditReader } = await import('../../audit/audit-reader.js');
  const { exportEntries } = await import('../audit/export-entries.js');
  const { openArchive } = await import('../audit/archive-file.js');
  return cli.withRedis(async (redis) => {
    const reader = new AuditReader(redis.client, redis.keyspace);
    const archive = file === undefined ? undefined : await openArchive(file);
    try {
      const take = archive ? (lines: string) => archive.add(lines) : (lines: string) => output.pour(lines);
      const start = archive?.last ?? (after === undefined ? undefined : { seq: after });
      const { written, faults } = await exportEntries(reader, start, take);
      output.say(`${counted(written, 'entry', 'entries')} exported`);
      for (const fault of faults) output.say(fault);
      return faults.length > 0 ? exitCodes.problem : exitCodes.done;
    } finally {
      await archive?.close();
    }
  });
}
