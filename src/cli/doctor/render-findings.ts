import type { Finding, FindingLevel } from '../../redis/fitness.js';
import type { Paint } from '../output.js';
import { counted } from '../wording.js';

const colours = { ok: 'green', warn: 'yellow', error: 'red' } as const;
const levelWidth = 7;

/** The findings in the order of the examination, each fix under what it mends, and the sum at the end. */
export function renderFindings(findings: readonly Finding[], paint: Paint): string {
  const checkWidth = Math.max(...findings.map(({ check }) => check.length)) + 2;
  const lines = findings.flatMap(({ check, level, detail, fix }) => [
    `${paint(colours[level], level.padEnd(levelWidth))}${check.padEnd(checkWidth)}${detail}`,
    ...(fix !== undefined && level !== 'ok'
      ? [`${' '.repeat(levelWidth + checkWidth)}${paint('dim', `fix: ${fix}`)}`]
      : []),
  ]);
  const count = (level: FindingLevel) => findings.filter((finding) => finding.level === level).length;
  return [...lines, '', `${counted(count('error'), 'error')}, ${counted(count('warn'), 'warning')}`].join('\n');
}
