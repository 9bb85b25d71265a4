import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cliDocs } from '../../src/cli/docs.js';
import { createProgram } from '../../src/cli/program.js';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const quiet = { write: () => undefined };
const program = createProgram(() => async () => undefined, { stdout: quiet, stderr: quiet });

it('docs/reference/cli.md is what the help says; npm run docs writes it', () => {
  expect(read('docs/reference/cli.md')).toBe(cliDocs());
});

describe.each(['README.md', 'docs/architecture.md', 'docs/kinds.md', 'docs/reference/errors.md'])('%s', (page) => {
  it('names only commands that exist', () => {
    const quoted = [...read(page).matchAll(/`(?:npx )?bulwark ([a-z]+)(?: ([a-z]+))?/g)];
    const inBlocks = [...read(page).matchAll(/^(?:npx )?bulwark ([a-z]+)(?: ([a-z]+))?/gm)];

    for (const [text, noun, verb] of [...quoted, ...inBlocks]) {
      const command = program.commands.find((one) => one.name() === noun);
      expect(command, text).toBeDefined();
      if (command && command.commands.length > 0) {
        expect(
          command.commands.map((one) => one.name()),
          text,
        ).toContain(verb);
      }
    }
  });
});

it('every command that cannot be undone needs --yes, and every one that changes something knows --dry-run', () => {
  const flags = (noun: string, verb: string): string[] =>
    program.commands
      .find((one) => one.name() === noun)
      ?.commands.find((one) => one.name() === verb)
      ?.options.map(({ long }) => long ?? '') ?? [];

  for (const [noun, verb] of [
    ['queue', 'purge'],
    ['dlq', 'purge'],
  ] as const)
    expect(flags(noun, verb)).toContain('--yes');
  for (const [noun, verb] of [
    ['queue', 'pause'],
    ['queue', 'resume'],
    ['queue', 'purge'],
    ['dlq', 'redrive'],
    ['dlq', 'purge'],
  ] as const) {
    expect(flags(noun, verb), `${noun} ${verb}`).toContain('--dry-run');
  }
});
