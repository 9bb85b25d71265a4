import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const pages = [
  'README.md',
  'docs/architecture.md',
  'docs/breakers.md',
  'docs/bullmq.md',
  'docs/concurrency.md',
  'docs/dashboards.md',
  'docs/exactly-once.md',
  'docs/glossary.md',
  'docs/kinds.md',
  'docs/operations.md',
  'docs/outbox.md',
  'docs/performance.md',
  'docs/scaling.md',
];
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe.each(['README.md', 'docs/exactly-once.md', 'docs/outbox.md'])('%s', (page) => {
  it('shows its examples as they run', () => {
    const shown = /<!-- (examples\/[\w./-]+) -->\n```\w+\n([\s\S]*?)```/g;

    const blocks = [...read(page).matchAll(shown)];

    expect(blocks.length).toBeGreaterThan(0);
    for (const [, file = '', code] of blocks) expect(code, file).toBe(read(file));
  });
});

describe('README', () => {
  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

    const named = [...read('README.md').matchAll(/npm (?:run )?([a-z]+)/g)].map(([, script]) => script ?? '');

    expect(named).toContain('start');
    for (const script of named) expect(Object.keys(scripts)).toContain(script);
  });
});

describe.each(pages)('%s', (page) => {
  it('links only to files that exist', () => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path ?? '');

    for (const link of links) expect(existsSync(join(root, page, '..', link)), `${page} → ${link}`).toBe(true);
  });
});
