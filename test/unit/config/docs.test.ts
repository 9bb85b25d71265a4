import { describe, expect, it } from 'vitest';
import { configDocs } from '../../../src/config/docs.js';
import { optionEntries } from '../../../src/config/option-entries.js';
import { relations } from '../../../src/config/options.js';

describe('configDocs', () => {
  it.each(optionEntries)('names $path, its variables and its meaning in one row', ({ path, variables, option }) => {
    const row = configDocs()
      .split('\n')
      .find((line) => line.startsWith(`| \`${path}\``));

    for (const part of [...variables, option.doc]) expect(row).toContain(part);
  });

  it.each(relations)('names the relation of $option and $other', ({ option, other, why }) => {
    const line = configDocs()
      .split('\n')
      .find((text) => text.startsWith(`- \`${option}\``) && text.includes(`\`${other}\``));

    expect(line).toContain(why);
  });
});
