import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ReadyReport } from '../../../src/cli/process/ready-report.js';
import { createProducer } from '../../../src/index.js';
import { jobsFile, testJobs } from '../../fixtures/cli/jobs.js';
import { documentOf, quickPace } from '../../fixtures/cli/processes.js';
import { eventually } from '../../support/eventually.js';
import { type OtlpReceiver, startOtlpReceiver } from '../../support/otlp-receiver.js';
import { type RunningProcess, spawnBulwark } from '../../support/processes.js';
import { startRedis, type TestRedis } from '../../support/redis-server.js';
import { temporaryFolder } from '../../support/temp-folder.js';
import { silent } from '../worker-pool/test-pool.js';

// Processes start slowly on machines that have other things to do, too.
vi.setConfig({ testTimeout: 30_000 });

let server: TestRedis;
let receiver: OtlpReceiver;

beforeAll(async () => {
  server = await startRedis();
  receiver = await startOtlpReceiver();
});
afterAll(async () => {
  await receiver.close();
  await server.stop();
});

const bulwark = (args: string[], namespace: string, env: Record<string, string>): RunningProcess =>
  spawnBulwark([...args, '--jobs', jobsFile], {
    cwd: temporaryFolder(),
    env: { ...quickPace, BULWARK_REDIS_URL: server.url, BULWARK_REDIS_NAMESPACE: namespace, ...env },
  });

describe('the processes of the pool', () => {
  it('send one trace of what one enqueues and another works on, and point to it from the metrics', async () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    };
    const worker = bulwark(['worker', 'run', '--json'], 'traced', { ...env, OTEL_SERVICE_NAME: 'mail-workers' });
    const { http } = await documentOf<ReadyReport>(worker);
    const command = bulwark(['enqueue', 'echo', '{"word":"nobody-may-see"}', '--wait', '--json'], 'traced', env);

    expect(await command.exited).toMatchObject({ code: 0 });
    const page = await eventually('an exemplar', async () => {
      const text = await (await fetch(`${http}/metrics`)).text();
      return text.includes(' # {trace_id=') && text;
    });
    worker.kill('SIGTERM');

    expect(await worker.exited).toMatchObject({ code: 0 });
    const [send, attempt] = receiver.spans;
    expect(receiver.spans).toHaveLength(2);
    expect(send).toMatchObject({ name: 'send quick', resource: { 'service.name': 'bulwark-cli' } });
    expect(attempt).toMatchObject({
      name: 'process quick',
      traceId: send?.traceId,
      parentSpanId: send?.spanId,
      resource: { 'service.name': 'mail-workers', 'deployment.environment.name': 'test' },
    });
    expect(page).toContain(`trace_id="${send?.traceId}"`);
    expect(page).toMatch(/# EOF\n$/);
    expect(receiver.text()).not.toContain('nobody-may-see');
  });

  it('work on, and end in time, when nobody takes their traces', async () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_EXPORTER_OTLP_TIMEOUT: '100',
      OTEL_BSP_SCHEDULE_DELAY: '10',
    };
    const worker = bulwark(['worker', 'run'], 'alone', env);
    await worker.waitForLine(({ fields }) => fields['msg'] === 'worker.started', 20_000);

    const producer = createProducer({ redis: { url: server.url, namespace: 'alone' }, log: silent });
    const job = await producer.enqueue((await testJobs()).require('echo'), { word: 'hi' } as never);
    expect(await producer.wait(job, { timeout: '5s' })).toEqual({ said: 'hi' });
    await producer.close();
    await worker.waitForLine(({ fields }) => fields['msg'] === 'tracing.failed');
    worker.kill('SIGTERM');

    expect(await worker.exited).toMatchObject({ code: 0 });
    expect(worker.lines.filter(({ fields }) => fields['msg'] === 'tracing.failed')).toHaveLength(1);
  });

  it('say what is missing when the packages are not installed', async () => {
    const hidden = fileURLToPath(new URL('../../fixtures/cli/without-otel-sdk.mjs', import.meta.url));
    const env = { OTEL_TRACES_EXPORTER: 'otlp', NODE_OPTIONS: `--import ${hidden}` };
    const command = bulwark(['enqueue', 'echo', '{"word":"hi"}'], 'missing', env);

    const { code } = await command.exited;

    expect(code).toBe(1);
    expect(command.text('stderr')).toMatch(/npm install @opentelemetry\/sdk-trace-node .*\[BULWARK_TRACING_MISSING\]/);
  });
});
