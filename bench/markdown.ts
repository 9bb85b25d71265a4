import type { Comparison, ProofResult } from './proof.js';

/** What the figures of the proofs are called on a page, and their unit. */
const headings: Readonly<Record<string, string>> = {
  jobsPerSecond: 'Jobs a second',
  redisCpuPerJob: 'Time of Redis per job, µs',
  nodeCpuPerJob: 'Time of Node per job, µs',
  p50Ms: 'Wait of half of the jobs at most, ms',
  p99Ms: 'Wait of 99 % of the jobs at most, ms',
};

/** Writes what a proof found as docs/performance.md shows it: a table per figure, a row per situation. Pure. */
export function markdown({ proof, scenarios = [], machine, bulwark, bullmq }: ProofResult): string {
  const where = machine
    ? [
        `${machine.cores} cores, Node ${machine.node}; others used ${Math.round(machine.usedByOthers * 100)} % of the machine.`,
        '',
      ]
    : [];
  const tables = Object.entries(headings)
    .filter(([figure]) => scenarios.some((scenario) => scenario.bulwark[figure] !== undefined))
    .flatMap(([figure, heading]) => [
      `| ${heading} | Bulwark | plain BullMQ | bee-queue | ratio | noise |`,
      '| --- | ---: | ---: | ---: | ---: | ---: |',
      ...scenarios.map((scenario) => row(scenario.name, figure, scenario)),
      '',
    ]);
  const more = Object.keys(bulwark)
    .filter((figure) => !(figure in headings))
    .map((figure) =>
      bullmq?.[figure] === undefined
        ? `- \`${figure}\`: Bulwark ${bulwark[figure]}`
        : `- \`${figure}\`: Bulwark ${bulwark[figure]}, plain BullMQ ${bullmq[figure]}`,
    );
  return [`Measured by \`npm run prove -- ${proof}\`.`, ...where, ...tables, ...more].join('\n').trimEnd().concat('\n');
}

function row(name: string, figure: string, { bulwark, bullmq, beeQueue, ratio, noise }: Comparison): string {
  const number = (value: number | string | undefined) => (value === undefined ? '' : value.toLocaleString('en'));
  const spread = noise?.[figure] === undefined ? '' : `± ${Math.round(noise[figure] * 100)} %`;
  const cells = [bulwark[figure], bullmq?.[figure], beeQueue?.[figure], ratio?.[figure]].map(number);
  return `| ${[name, ...cells, spread].join(' | ')} |`;
}
