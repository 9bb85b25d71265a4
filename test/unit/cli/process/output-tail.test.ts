import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputTail } from '../../../../src/cli/process/output-tail.js';

function tailOf(...texts: string[]): string[] {
  const tail = new OutputTail();
  for (const text of texts) tail.add(text);
  return tail.lines;
}

describe('OutputTail', () => {
  it('has no lines before anything was written', () => {
    expect(tailOf()).toEqual([]);
  });

  it('keeps lines as they were written, in however many pieces', () => {
    expect(tailOf('fir', 'st\nsec', 'ond\n', 'third')).toEqual(['first', 'second', 'third']);
  });

  it('leaves out lines on which nothing stands', () => {
    expect(tailOf('first\n\n  \nsecond\n')).toEqual(['first', 'second']);
  });

  it('keeps the last twenty', () => {
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`);

    expect(tailOf(...lines.map((line) => `${line}\n`))).toEqual(lines.slice(10));
  });

  it('keeps the end of a line that is too long', () => {
    const [line = ''] = tailOf(`${'x'.repeat(10_000)} the end`);

    expect(line).toHaveLength(4_096);
    expect(line).toMatch(/ the end$/);
  });

  it('shows no password of a URL, wherever the pieces are cut', () => {
    const text = `redis://me:hunter2@host:6379/0 refused\n${'x'.repeat(4_060)}\n`;

    for (let cut = 0; cut < text.length; cut += 7) {
      expect(tailOf(text.slice(0, cut), text.slice(cut)).join('\n')).not.toContain('hunter2');
    }
  });

  it('for any text in any pieces, is bounded and the same as of the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 2_000, unit: fc.constantFrom('a', ' ', '\n', 'ä') })), (texts) => {
        const lines = tailOf(...texts);

        expect(lines).toEqual(tailOf(texts.join('')));
        expect(lines.length).toBeLessThanOrEqual(20);
        expect(lines.join('\n').length).toBeLessThanOrEqual(4_096);
      }),
    );
  });
});
