import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configDocs } from '../../src/config/docs.js';

it('docs/reference/config.md is what the table of options says; npm run docs writes it', () => {
  const page = readFileSync(new URL('../../docs/reference/config.md', import.meta.url), 'utf8');

  expect(page).toBe(configDocs());
});
