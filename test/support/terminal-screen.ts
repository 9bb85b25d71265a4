/**
 * A terminal, as far as `bulwark top` uses one: what is written to it changes rows of signs. It does not wrap lines, and throws on what it does
 * not know, so that nothing is written that nobody has thought of.
 */
export class TerminalScreen {
  readonly columns: number;
  readonly rows: number;
  #cells: string[][];
  #row = 0;
  #column = 0;
  /** The private modes that are set: `1049` is the alternate screen. */
  readonly modes = new Set<string>(['7', '25']);

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#cells = this.#blank();
  }

  /** What one sees, line by line, without blanks at the ends. */
  get lines(): string[] {
    return this.#cells.map((row) => row.join('').trimEnd());
  }

  get text(): string {
    return this.lines.join('\n');
  }

  write(bytes: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a terminal reads
    for (const [token] of bytes.matchAll(/\u001b\[[?0-9;]*[A-Za-z]|./gsu)) this.#take(token);
  }

  #take(token: string): void {
    if (token.startsWith('\u001b[')) this.#command(token.slice(2, -1), token.slice(-1));
    else if (token === '\r') this.#column = 0;
    else if (token === '\n') this.#row = Math.min(this.#row + 1, this.rows - 1);
    else if (token < ' ') throw new Error(`a terminal is sent ${JSON.stringify(token)}`);
    else this.#put(token);
  }

  #put(sign: string): void {
    const row = this.#cells[this.#row];
    if (row) row[this.#column] = sign;
    // Without wrapping the cursor stays on the last column.
    this.#column = Math.min(this.#column + 1, this.columns - 1);
  }

  #command(words: string, letter: string): void {
    switch (letter) {
      case 'm':
        return;
      case 'h':
      case 'l':
        this.#setMode(words.replace('?', ''), letter === 'h');
        return;
      case 'H': {
        const [row = 1, column = 1] = words.split(';').map(Number);
        this.#row = Math.min(row, this.rows) - 1;
        this.#column = Math.min(column, this.columns) - 1;
        return;
      }
      case 'K':
        this.#cells[this.#row]?.fill(' ', this.#column);
        return;
      case 'J':
        this.#cells[this.#row]?.fill(' ', this.#column);
        for (const row of this.#cells.slice(this.#row + 1)) row.fill(' ');
        return;
      default:
        throw new Error(`a terminal is sent CSI ${words}${letter}`);
    }
  }

  #setMode(mode: string, isSet: boolean): void {
    if (isSet) this.modes.add(mode);
    else this.modes.delete(mode);
    if (mode === '1049') this.#cells = this.#blank();
  }

  #blank(): string[][] {
    return Array.from({ length: this.rows }, () => Array.from({ length: this.columns }, () => ' '));
  }
}
