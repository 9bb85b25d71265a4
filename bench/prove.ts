import type { Proof, ProofResult } from './proof.js';
import { idle } from './proofs/idle.js';
import { start } from './proofs/start.js';

const proofs: readonly Proof[] = [idle, start];

/** Runs one proof and prints what it found: for eyes, or with `--json` as one JSON object on stdout. */
async function prove(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  const [name] = args.filter((arg) => !arg.startsWith('-'));
  const proof = proofs.find((candidate) => candidate.name === name);
  if (!proof) {
    const known = proofs.map(({ name: known, about }) => `  ${known.padEnd(10)} ${about}`).join('\n');
    process.stderr.write(`usage: npm run prove -- <name> [--json]\n\n${known}\n`);
    return name === undefined || name === 'help' ? 0 : 2;
  }
  const result = await proof.run((line) => process.stderr.write(`${line}\n`));
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : report(result));
  return Object.values(result.bounds ?? {}).every(({ held }) => held) && result.lost === 0 ? 0 : 1;
}

function report({ proof, bulwark, bullmq, ratio, lost, bounds }: ProofResult): string {
  const lines = [proof];
  for (const [figure, value] of Object.entries(bulwark)) {
    const peer = bullmq?.[figure] === undefined ? '' : `   plain BullMQ ${bullmq[figure]}`;
    const share = ratio?.[figure] === undefined ? '' : `   ratio ${ratio[figure]}`;
    const bound = bounds?.[figure];
    const promise = bound ? `   limit ${bound.limit}: ${bound.held ? 'held' : 'BROKEN'}` : '';
    lines.push(`  ${figure.padEnd(20)} ${value}${peer}${share}${promise}`);
  }
  lines.push(`  ${'lost'.padEnd(20)} ${lost}`);
  return `${lines.join('\n')}\n`;
}

process.exitCode = await prove(process.argv.slice(2));
