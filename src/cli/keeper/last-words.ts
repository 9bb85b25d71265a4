import { stripVTControlCharacters } from 'node:util';
import { lastOf } from '../../recovery/crash-record.js';
import { withoutSecrets, withoutUrlPasswords } from '../../telemetry/redaction.js';

/** The last lines of a process as they may be kept and shown: without colours, and without secrets as far as our logs know them. */
export function lastWords(lines: readonly string[]): string[] {
  return lastOf(lines.map((line) => withoutUrlPasswords(withoutSecretFields(stripVTControlCharacters(line)))));
}

/** Our own log lines have none left; a handler's may. */
function withoutSecretFields(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    return JSON.stringify(withoutSecrets(JSON.parse(line) as Record<string, unknown>));
  } catch {
    // A line that only looks like JSON.
    return line;
  }
}
