/** From here on a segment ends at the next blank line. */
const softChars = 4_096;
/** Here a segment ends in any case. A parser's worst cases grow with the square of the length: 6 KiB keeps them short. */
const hardChars = 6_144;

const fenceStart = /^ {0,3}(`{3,}|~{3,})/;

/**
 * Cuts Markdown into segments that can be parsed one by one, and leaves fenced code out: a digest does not quote it. Pure.
 *
 * For the text it does not matter when a list or a quote continues in the next segment. A table that does is met again as
 * lines of cells.
 */
export function* markdownSegments(source: string): Generator<string> {
  let segment = '';
  let fence: string | undefined;
  for (const line of source.split('\n')) {
    const mark = fenceStart.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence) && line.trim() === mark) fence = undefined;
      continue;
    }
    if (mark !== undefined) {
      fence = mark;
      segment += '\n';
      continue;
    }
    for (const piece of cutLine(line)) {
      if (segment.length + piece.length > hardChars) {
        yield segment;
        segment = '';
      }
      segment += `${piece}\n`;
    }
    if (line.trim() === '' && segment.length > softChars) {
      yield segment;
      segment = '';
    }
  }
  if (segment.trim() !== '') yield segment;
}

/** YAML between lines of dashes at the start: facts about the document, not text of it. */
export function splitFrontMatter(source: string): { readonly title: string | undefined; readonly body: string } {
  const match = /^---\n([\s\S]{0,20000}?)\n(?:---|\.\.\.)(?:\n|$)/.exec(source);
  if (!match) return { title: undefined, body: source };
  const title = /^title:\s*(["']?)(.+?)\1\s*$/m.exec(match[1] ?? '')?.[2];
  return { title, body: source.slice(match[0].length) };
}

function* cutLine(line: string): Generator<string> {
  for (let start = 0; start === 0 || start < line.length; start += hardChars)
    yield line.slice(start, start + hardChars);
}
