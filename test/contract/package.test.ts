import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  /** What is loaded only when it is asked for. */
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** Packages named by `import … from`, `import()` and `export … from`, types as well: declarations of ours name them again. */
function importedPackages(text: string): string[] {
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport\()\s*'([\w@][\w@/.:-]*)'/g)].map(([, name]) => name ?? '');
  return specifiers
    .map((name) => (name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? '')))
    .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name) && name !== 'bulwark');
}

describe('the package', () => {
  it('depends on everything that its code and its types import', () => {
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
    const files = ['src', 'workers'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(folder, name)),
    );

    const imported = new Set(files.flatMap((file) => importedPackages(readFileSync(file, 'utf8'))));
    const known = { ...dependencies, ...optionalDependencies };

    expect(imported.size).toBeGreaterThan(5);
    expect([...imported].filter((name) => !(name in known)).sort()).toEqual([]);
  });
});
