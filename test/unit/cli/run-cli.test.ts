import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bulwarkVersion } from '../../../src/telemetry/version.js';
import { run } from '../../fixtures/cli/run.js';

const jobs = fileURLToPath(new URL('../../fixtures/cli/jobs.mjs', import.meta.url));

describe('runCli', () => {
  it('shows the help and exits with 0', async () => {
    const { code, stdout, stderr } = await run('--help');

    expect(code).toBe(0);
    expect(stdout).toContain('Usage: bulwark [options] [command]');
    expect(stdout).toContain('queue ls|pause|resume|purge');
    expect(stderr).toBe('');
  });

  it('shows the version', async () => {
    expect(await run('--version')).toEqual({ code: 0, stdout: `${bulwarkVersion}\n`, stderr: '' });
  });

  it.each<[string, string[], RegExp]>([
    ['no command', [], /Usage: bulwark/],
    ['a noun without a verb', ['dlq'], /Usage: bulwark dlq/],
    ['an unknown command', ['statsu'], /^bulwark: unknown command 'statsu'\n\(Did you mean status\?\)/],
    ['an unknown flag', ['top', '--wacth'], /unknown option '--wacth'\n\(Did you mean --watch\?\)/],
    ['a missing argument', ['queue', 'pause'], /missing required argument 'queue'/],
    ['too many arguments', ['status', 'now'], /too many arguments/],
    ['a flag out of its range', ['dlq', 'ls', '--limit', '0'], /Expected a whole number from 1 to 1000/],
    ['a flag that is no duration', ['enqueue', 'x', '--delay', 'soon'], /Expected a duration such as '30s'/],
  ])('answers %s with what is expected and exit code 2', async (_title, argv, message) => {
    const { code, stdout, stderr } = await run(...argv);

    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
  });

  it.each<[string, string[], string]>([
    ['that cannot be parsed', ['statsu'], 'BULWARK_USAGE_INVALID'],
    ['that is not complete', ['dlq'], 'BULWARK_USAGE_INVALID'],
    [
      'with a configuration that cannot work',
      ['config', 'print', '--namespace', 'Not A Name'],
      'BULWARK_CONFIG_INVALID',
    ],
    ['that asks for two things at once', ['top', '--once', '--watch'], 'BULWARK_USAGE_INVALID'],
    ['with a kind that nobody knows', ['enqueue', 'ecko', '{}', '--jobs', jobs], 'BULWARK_KIND_UNKNOWN'],
  ])('answers a line %s with one JSON document, too', async (_title, argv, errorCode) => {
    const { code, stdout, stderr } = await run(...argv, '--json');

    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: errorCode, message: expect.any(String) } });
    expect(stderr).not.toBe('');
  });

  it('takes flags of all commands before the command, too', async () => {
    const { code, stdout } = await run('--json', '--namespace', 'shop', 'config', 'print');

    const { options } = JSON.parse(stdout) as { options: { name: string; value: string; source: string }[] };
    expect(code).toBe(0);
    expect(options).toContainEqual(
      expect.objectContaining({ name: 'redis.namespace', value: 'shop', source: 'code or flag' }),
    );
  });

  it('prints no password', async () => {
    const { stdout } = await run('config', 'print', '--redis', 'redis://app:secret@10.0.0.1:6379');

    expect(stdout).toContain('redis://app:***@10.0.0.1:6379');
    expect(stdout).not.toContain('secret');
  });
});
