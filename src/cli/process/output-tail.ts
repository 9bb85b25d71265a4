import { withoutUrlPasswords } from '../../telemetry/redaction.js';

/** So much of what a process wrote is worth keeping. */
const keptLines = 20;
const keptBytes = 4_096;

/** The last lines that a process wrote. */
export class OutputTail {
  #text = '';

  add(chunk: Buffer): void {
    this.#text = (this.#text + chunk.toString('utf8')).slice(-keptBytes);
  }

  get lines(): string[] {
    return this.#text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-keptLines)
      .map(withoutUrlPasswords);
  }
}
