import { diag } from '@opentelemetry/api';
import { afterEach, expect, it } from 'vitest';
import { logSdkComplaints } from '../../../../src/telemetry/tracing/sdk-log.js';
import { recordLog } from '../../../integration/worker-pool/test-pool.js';

afterEach(() => diag.disable());

it('says once a minute that a collector is away, and how often it was seen', () => {
  const { log, lines } = recordLog();
  let time = 0;
  logSdkComplaints(log, () => time);

  diag.error('connect ECONNREFUSED http://me:hunter2@collector');
  diag.error('again');
  diag.warn('and again');
  time = 60_000;
  diag.error('still');

  expect(lines.map(({ msg, detail, unsaid }) => [msg, detail, unsaid])).toEqual([
    ['tracing.failed', 'connect ECONNREFUSED http://me:[redacted]@collector', 0],
    ['tracing.failed', 'still', 2],
  ]);
});
