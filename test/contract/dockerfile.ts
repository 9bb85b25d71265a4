/** One stage of a Dockerfile. */
export interface Stage {
  readonly name: string;
  readonly copies: readonly { readonly from: string | undefined; readonly sources: readonly string[] }[];
  /** What follows the last instruction of that word, which is the one that counts. */
  last(instruction: string): string | undefined;
}

/** Reads a Dockerfile as far as our checks need it. */
export function parseDockerfile(text: string): Stage[] {
  const instructions = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const [, word, rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      return word === undefined ? [] : [{ word, rest: rest.trim() }];
    });
  const starts = instructions.flatMap(({ word }, index) => (word === 'FROM' ? [index] : []));
  return starts.map((start, index) => stageOf(instructions.slice(start, starts[index + 1])));
}

function stageOf(instructions: readonly { readonly word: string; readonly rest: string }[]): Stage {
  return {
    name: / AS (\S+)$/.exec(instructions[0]?.rest ?? '')?.[1] ?? '',
    copies: instructions.filter(({ word }) => word === 'COPY').map(({ rest }) => copyOf(rest)),
    last: (instruction) => instructions.findLast(({ word }) => word === instruction)?.rest,
  };
}

function copyOf(rest: string): Stage['copies'][number] {
  const words = rest.split(/\s+/);
  const flags = words.filter((word) => word.startsWith('--'));
  const from = flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length);
  return { from, sources: words.filter((word) => !word.startsWith('--')).slice(0, -1) };
}
