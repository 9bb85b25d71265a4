import { createHash } from 'node:crypto';

/** What differs between two failures of the same cause: ids, numbers, addresses, quoted values. Order matters. */
const variableParts: readonly [RegExp, string][] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<id>'],
  [/\b(?:0x)?[0-9a-f]{16,}\b/gi, '<id>'],
  [/"[^"]*"|'[^']*'|`[^`]*`/g, '<value>'],
  [/\d+/g, '<n>'],
];

/** How much of a message can tell causes apart; the rest is detail. */
const significantCharacters = 200;

/**
 * Gives failures of the same cause the same short name: error name, code and message, with everything that varies from job to
 * job taken out. Pure.
 *
 * @returns 12 hexadecimal digits
 */
export function fingerprintOf(name: string, code: string | undefined, message: string): string {
  const firstLine = message.split('\n', 1)[0]?.slice(0, significantCharacters) ?? '';
  const template = variableParts.reduce(
    (text, [pattern, placeholder]) => text.replace(pattern, placeholder),
    firstLine,
  );
  return createHash('sha256')
    .update(`${name}\n${code ?? ''}\n${template}`)
    .digest('hex')
    .slice(0, 12);
}
