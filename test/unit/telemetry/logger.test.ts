import { describe, expect, it } from 'vitest';
import { createLogger, jobLogger, type LogFormat } from '../../../src/telemetry/logger.js';
import { bulwarkVersion } from '../../../src/telemetry/version.js';

function startLogger({ format = 'auto', terminal = false }: { format?: LogFormat; terminal?: boolean } = {}) {
  const lines: string[] = [];
  const stream = { isTTY: terminal, write: (line: string) => lines.push(line) };
  return { log: createLogger({ level: 'info', format, role: 'worker', stream }), lines };
}

describe('createLogger', () => {
  it('writes one JSON object a line, saying who and when', () => {
    const { log, lines } = startLogger();

    log.warn({ queue: 'email' }, 'lease.lost');

    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      service: 'bulwark',
      role: 'worker',
      version: bulwarkVersion,
      pid: process.pid,
      queue: 'email',
      msg: 'lease.lost',
    });
  });

  it.each([
    { format: 'auto', terminal: false, json: true },
    { format: 'auto', terminal: true, json: false },
    { format: 'json', terminal: true, json: true },
    { format: 'pretty', terminal: false, json: false },
  ] as const)('$format on a terminal ($terminal) writes JSON: $json', ({ json, ...how }) => {
    const { log, lines } = startLogger(how);

    log.info('worker.started');

    expect(lines[0]?.startsWith('{')).toBe(json);
    expect(lines[0]).toContain('worker.started');
  });

  it('colours only for a terminal', () => {
    const terminal = startLogger({ format: 'pretty', terminal: true });
    const pipe = startLogger({ format: 'pretty', terminal: false });

    terminal.log.info('worker.started');
    pipe.log.info('worker.started');

    expect(terminal.lines.join('')).toContain('\u001b[');
    expect(pipe.lines.join('')).not.toContain('\u001b[');
  });

  it('has written a pretty line when the call returns', () => {
    const { log, lines } = startLogger({ format: 'pretty' });

    log.fatal({ err: new Error('out of luck') }, 'worker.ending');

    expect(lines.join('')).toContain('out of luck');
  });

  it('hides secrets in a line and in what a child was born with', () => {
    const { log, lines } = startLogger();

    log.child({ token: 'hunter2' }).info({ headers: { authorization: 'hunter2' } }, 'webhook.sent');

    expect(lines.join('')).toContain('[redacted]');
    expect(lines.join('')).not.toContain('hunter2');
  });

  it.each<[string, object]>([
    ['in any case', { Client_Secret: 'hunter2' }],
    ['one level down', { headers: { 'x-api-key': 'hunter2' } }],
    ['in a URL', { url: 'redis://bulwark:hunter2@redis:6379' }],
  ])('hides secrets that a child, a grandchild or a changed logger was given, %s', (_where, bindings) => {
    const { log, lines } = startLogger();
    const changed = log.child({});

    log.child({ ...bindings }).info('one');
    log
      .child({ queue: 'email' })
      .child({ ...bindings })
      .info('two');
    changed.setBindings({ ...bindings });
    changed.info('three');

    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line).toContain('[redacted]');
      expect(line).not.toContain('hunter2');
    }
  });

  it('keeps quiet below its level', () => {
    const { log, lines } = startLogger();

    log.debug('job.started');

    expect(lines).toEqual([]);
  });
});

describe('jobLogger', () => {
  it('says which attempt of which job in every line', () => {
    const { log, lines } = startLogger();

    const fields = { jobId: '7', queue: 'email', kind: 'send-receipt', attempt: 2 };
    jobLogger(log, fields, { trace_id: 'abc', span_id: 'def' }).info('job.started');

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      jobId: '7',
      queue: 'email',
      kind: 'send-receipt',
      attempt: 2,
      trace_id: 'abc',
      span_id: 'def',
    });
  });

  it('says nothing of a trace when there is none', () => {
    const { log, lines } = startLogger();

    jobLogger(log, { jobId: '7', queue: 'email', kind: 'send-receipt', attempt: 1 }, undefined).info('job.started');

    expect(lines[0]).not.toContain('trace_id');
  });
});
