import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as bulwark from '../../src/index.js';
import { criticalities } from '../../src/job/criticality.js';
import { errorClasses } from '../../src/job/outcome.js';
import { metricTable } from '../../src/telemetry/metric-table.js';

interface Entry {
  readonly words: readonly string[];
  readonly meaning: string;
  readonly avoid: string;
}

const page = readFileSync(new URL('../../docs/glossary.md', import.meta.url), 'utf8');
const entries: readonly Entry[] = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => {
    const [, words = '', meaning = '', avoid = ''] = line.split('|').map((cell) => cell.trim());
    return { words: words.split(', '), meaning, avoid };
  });

/** The list at the end of a meaning: `how an attempt ended: completed, retried`. */
function listIn(word: string): string[] {
  const { meaning } = entries.find(({ words }) => words.includes(word)) ?? { meaning: '' };
  return meaning
    .slice(meaning.lastIndexOf(':') + 1)
    .replaceAll('`', '')
    .split(',')
    .map((item) => item.trim());
}

/** `deadLetterQueue` and `dead-letter-queue` are made of dead, letter and queue. */
function wordsOf(name: string): string[] {
  return name.split(/(?=[A-Z][a-z])|[-_.]/).map((part) => part.toLowerCase());
}

/** Words that the glossary says not to use; where it explains at length, there is nothing that a test could look for. */
const avoided = entries
  .map(({ avoid }) => avoid.split(', '))
  .filter((words) => words.every((word) => /^[a-z]+( [a-z]+)?$/.test(word)))
  .flat();
/** What is a word of ours in one place may be the wrong one in another: a kind is no class, an error has one. */
const ours = new Set(entries.flatMap(({ words }) => words.flatMap((word) => word.split(/[ -]/))));

const sourceFiles = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('src', name));
const exported = sourceFiles.flatMap((path) =>
  [
    ...readFileSync(path, 'utf8').matchAll(
      /^export (?:abstract )?(?:async )?(?:function|class|const|interface|type) (\w+)/gm,
    ),
  ].map((match) => match[1] ?? ''),
);

describe('the glossary', () => {
  it('says of every word what it means, and has every word once', () => {
    const words = entries.flatMap((entry) => entry.words);

    expect(words.length).toBeGreaterThan(30);
    expect(new Set(words).size).toBe(words.length);
    for (const { words: row, meaning } of entries) expect(meaning, row.join()).toMatch(/\w/);
  });

  it('lists the outcomes, the error classes and the criticalities that the code knows', () => {
    expect(listIn('outcome')).toEqual(
      metricTable.jobAttempts.labels.outcome.map((word) =>
        word.replace('dead_lettered', 'dead-lettered').replace('_', ' '),
      ),
    );
    expect(listIn('error class')).toEqual([...errorClasses]);
    expect(listIn('criticality')).toEqual([...criticalities]);
  });

  it('is kept to by the names that users import', () => {
    const banned = new Set(avoided.filter((word) => !ours.has(word)));

    const offences = Object.keys(bulwark).filter((name) => wordsOf(name).some((word) => banned.has(word)));

    expect(banned.size).toBeGreaterThan(10);
    expect(offences).toEqual([]);
  });
});

describe('the names in src', () => {
  const empty = new Set(['manager', 'helper', 'helpers', 'util', 'utils', 'misc', 'common']);

  it('say what a thing is, instead of that it is of use', () => {
    const files = sourceFiles.map((path) => basename(path, '.ts'));

    expect(exported.length).toBeGreaterThan(100);
    expect([...files, ...exported].filter((name) => wordsOf(name).some((word) => empty.has(word)))).toEqual([]);
  });

  it('say what a function does, instead of that it does something', () => {
    // The environment of the process is a thing, and nothing that is done to an environment.
    const names = exported.filter((name) => name !== 'processEnvironment');

    expect(names.filter((name) => /^(handle|do|process)[A-Z]/.test(name))).toEqual([]);
  });
});
