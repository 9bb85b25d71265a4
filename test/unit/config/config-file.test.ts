import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfigFile } from '../../../src/config/config-file.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-config-'));
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('readConfigFile', () => {
  it('reads bulwark.config.json of the working directory', () => {
    const path = write('bulwark.config.json', '{"worker":{"leaseMs":"20s"}}');

    const { given, faults } = readConfigFile(undefined, {});

    expect(given).toMatchObject([{ input: '20s', source: { source: 'file', detail: path } }]);
    expect(faults).toEqual([]);
  });

  it('does without when there is none', () => {
    expect(readConfigFile(undefined, {})).toEqual({ given: [], faults: [] });
  });

  it('reads what BULWARK_CONFIG names instead', () => {
    write('bulwark.config.json', '{"worker":{"leaseMs":"20s"}}');
    const path = write('other.json', '{"worker":{"leaseMs":"30s"}}');

    const { given } = readConfigFile(undefined, { BULWARK_CONFIG: 'other.json' });

    expect(given).toMatchObject([{ input: '30s', source: { detail: path } }]);
  });

  it('reads what it is given instead of what BULWARK_CONFIG names', () => {
    write('other.json', '{"worker":{"leaseMs":"30s"}}');
    const path = write('mine.json', '{"worker":{"leaseMs":"40s"}}');

    const { given } = readConfigFile(path, { BULWARK_CONFIG: 'other.json' });

    expect(given).toMatchObject([{ input: '40s' }]);
  });

  it('reads none when told so', () => {
    write('bulwark.config.json', 'not even JSON');

    expect(readConfigFile(false, { BULWARK_CONFIG: 'missing.json' })).toEqual({ given: [], faults: [] });
  });

  it.each([
    ['BULWARK_CONFIG', undefined, { BULWARK_CONFIG: 'missing.json' }, 'environment BULWARK_CONFIG'],
    ['code', 'missing.json', {}, 'code or flag'],
  ])('refuses a missing file that %s names', (_who, file, env, origin) => {
    const { faults } = readConfigFile(file, env);

    expect(faults).toEqual([{ subject: join(folder, 'missing.json'), rule: 'must exist', origin }]);
  });

  it('refuses what it cannot read', () => {
    mkdirSync(join(folder, 'bulwark.config.json'));

    const { faults } = readConfigFile(undefined, {});

    expect(faults).toMatchObject([
      { rule: expect.stringContaining('cannot be read: EISDIR'), origin: 'working directory' },
    ]);
  });

  it.each([
    '{"redis":{"url":"redis://app:secret@host"}',
    '{"redis":{"url":"redis://app:secret@host"},}',
    '"redis://app:secret@host',
    'redis://app:secret@host',
    '',
  ])('refuses what is no JSON, and does not quote it: %j', (text) => {
    write('bulwark.config.json', text);

    const { faults } = readConfigFile(undefined, {});

    expect(faults).toMatchObject([{ rule: expect.stringMatching(/^must be JSON: ./) }]);
    expect(faults[0]?.rule).not.toMatch(/app|secr|host/);
  });
});
