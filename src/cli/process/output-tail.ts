import { withoutUrlPasswords } from '../../telemetry/redaction.js';

/** So much of what a process wrote is worth keeping. */
const keptLines = 20;
const keptCharacters = 4_096;

/** The last lines that a process wrote. */
export class OutputTail {
  #text = '';

  add(text: string): void {
    // Redacted before it is cut: what is left of half a URL would not show what it was.
    this.#text = withoutUrlPasswords(this.#text + text).slice(-keptCharacters);
  }

  get lines(): string[] {
    return this.#text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-keptLines);
  }
}
