import { expect, it } from 'vitest';
import { welcomeText } from '../../../../src/cli/keeper/welcome.js';
import type { ReadyReport } from '../../../../src/cli/process/ready-report.js';

const redis = { kind: 'redis', description: 'Redis 7.2.0 at redis://127.0.0.1:7001, private to this pool' } as const;

const report = (pid: number, given: Partial<ReadyReport> = {}): ReadyReport => ({
  role: 'worker',
  id: `w${pid}`,
  pid,
  http: `http://127.0.0.1:${9_000 + pid}`,
  kinds: [{ kind: 'send-receipt', queue: 'email' }],
  ...given,
});

const supervisor = report(1, { role: 'supervisor', kinds: [] });

it('says what runs where, and what to try next', () => {
  const text = welcomeText({ redis, reports: { supervisor, workers: [report(2), report(3)] }, reach: [] });

  for (const fact of [
    'is up. Ctrl-C stops it: running jobs are finished, waiting ones are kept.',
    'Redis       Redis 7.2.0 at redis://127.0.0.1:7001',
    'Supervisor  pid 1, http://127.0.0.1:9001/metrics',
    'Worker 2    pid 3, http://127.0.0.1:9003/metrics',
    'Kinds       send-receipt (queue email)',
    'npx bulwark status',
  ]) {
    expect(text).toContain(fact);
  }
});

it('does not promise to keep jobs that live in memory only', () => {
  const text = welcomeText({
    redis: { ...redis, kind: 'embedded' },
    reports: { supervisor, workers: [report(2)] },
    reach: [],
  });

  expect(text).toContain('waiting ones are lost');
});

it('says what is not ready, and names no address that is not served', () => {
  const text = welcomeText({
    redis,
    reports: { supervisor: undefined, workers: [report(2, { http: null })] },
    reach: [],
  });

  expect(text).toContain('is up, in part');
  expect(text).toContain('Supervisor  not ready yet: the log says why');
  expect(text).toContain('Worker 1    pid 2\n');
});

it('suggests a first job of the kind that needs nothing but files, where it is there', () => {
  const digests = report(2, { kinds: [{ kind: 'document-digest', queue: 'documents' }] });

  const shipped = welcomeText({ redis, reports: { supervisor, workers: [digests] }, reach: [] });
  const own = welcomeText({ redis, reports: { supervisor, workers: [report(2)] }, reach: [] });

  expect(shipped).toContain("npx bulwark enqueue document-digest --glob '**/*.md' --wait");
  expect(own).not.toContain('enqueue');
});

it('tells the flags without which another command would not find this pool', () => {
  const reach = ['--redis', 'redis://127.0.0.1:7001'];

  const text = welcomeText({ redis, reports: { supervisor, workers: [report(2)] }, reach });

  expect(text).toContain('npx bulwark status --redis redis://127.0.0.1:7001');
});
