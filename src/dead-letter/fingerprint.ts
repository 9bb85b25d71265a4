import { createHash } from 'node:crypto';

/**
 * What differs between two failures of the same cause: ids (also behind a prefix, as in `cus_9f8e…`), quoted values, numbers.
 * An apostrophe inside a word quotes nothing. Order matters.
 */
const variableParts: readonly [RegExp, string][] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<id>'],
  [/(?<![0-9a-z])(?:0x)?[0-9a-f]{16,}(?![0-9a-z])/gi, '<id>'],
  [/"[^"]*"|`[^`]*`|(?<!\w)'[^']*'(?!\w)/g, '<value>'],
  [/\d+/g, '<n>'],
];

/** How much of a message, without what varies, can tell causes apart; the rest is detail. */
const significantCharacters = 200;
/** How much of it is looked at: enough for values of any usual length, and no work for one of megabytes. */
const readCharacters = 2_000;

/**
 * Gives failures of the same cause the same short name: error name, code and message, with everything that varies from job to
 * job taken out. Pure.
 *
 * @returns 12 hexadecimal digits
 */
export function fingerprintOf(name: string, code: string | undefined, message: string): string {
  return createHash('sha256')
    .update(`${name}\n${code ?? ''}\n${templateOf(message)}`)
    .digest('hex')
    .slice(0, 12);
}

/** The first line of a message with what varies taken out: `no such order <value>`. Pure. */
export function templateOf(message: string): string {
  const firstLine = message.slice(0, readCharacters).split('\n', 1)[0] ?? '';
  return variableParts
    .reduce((text, [pattern, placeholder]) => text.replace(pattern, placeholder), firstLine)
    .slice(0, significantCharacters);
}
