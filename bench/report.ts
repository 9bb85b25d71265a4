import { rounded } from './figures.js';
import type { Comparison, ProofResult } from './proof.js';

const peers = [
  ['bulwark', 'Bulwark'],
  ['bullmq', 'plain BullMQ'],
  ['beeQueue', 'bee-queue'],
] as const;

/** Writes what a proof found as tables for eyes. Pure. */
export function report(result: ProofResult): string {
  const tables = [
    table(result.proof, result),
    ...(result.scenarios ?? []).map((scenario) => table(scenario.name, scenario)),
  ];
  const { machine } = result;
  const others =
    machine &&
    `${machine.cores} cores, Node ${machine.node}; others used ${rounded(machine.usedByOthers * 100)} % of it`;
  return `${[...tables, ...(others ? [others] : [])].join('\n\n')}\n`;
}

function table(title: string, comparison: Comparison): string {
  const { ratio = {}, noise = {}, bounds = {}, lost } = comparison;
  const columns = peers.filter(([peer]) => comparison[peer] !== undefined);
  const figures = [...new Set(columns.flatMap(([peer]) => Object.keys(comparison[peer] ?? {})))];
  const rows = [
    ['', ...columns.map(([, name]) => name), 'ratio', 'noise'],
    ...figures.map((figure) => [
      figure,
      ...columns.map(([peer]) => String(comparison[peer]?.[figure] ?? '')),
      String(ratio[figure] ?? ''),
      noise[figure] === undefined ? '' : `± ${Math.round(noise[figure] * 100)} %`,
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   ')
      .trimEnd(),
  );
  const promises = Object.entries(bounds).map(
    ([what, { limit, held }]) => `${what}: limit ${limit}, ${held ? 'held' : 'BROKEN'}`,
  );
  return [title, ...[...lines, ...promises, `lost: ${lost}`].map((line) => `  ${line}`)].join('\n');
}
