import type { AnyJobDefinition } from '../../src/job/define-job.js';
import { KindRegistry } from '../../src/job/registry.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import type { EpochMs } from '../../src/time/duration.js';
import { Executor, type ExecutorOptions } from '../../src/worker/executor.js';
import { recordingLog } from '../unit/service/recording-log.js';
import { StepMemory } from './step-memory.js';
import { testGates } from './test-gates.js';

/** Small, so that a test reaches them. */
const executorLimits: ExecutorOptions['limits'] = {
  maxPayloadBytes: 1_000,
  maxResultBytes: 1_024,
  maxErrorBytes: 500,
  maxStackBytes: 500,
  newerVersionDelayMs: 5_000,
  maxStepBytes: 1_000,
  maxStepsBytes: 1_000,
};

/** An executor of jobs of this kind, on a clock that stands still; nothing is in their way, unless a test says so. */
export function testExecutor(
  job: AnyJobDefinition,
  now: EpochMs,
  { limits, ...options }: Partial<ExecutorOptions> = {},
): Executor {
  return new Executor({
    registry: new KindRegistry([job]),
    limits: { ...executorLimits, ...limits },
    stepStore: new StepMemory(),
    gates: testGates().gates,
    abortGraceMs: 5,
    log: recordingLog().log,
    metrics: createMetrics({ role: 'worker', version: '1.2.3' }),
    clock: { now: () => now, elapsed: () => 0 },
    random: () => 0.5,
    givenBack: { kind: 'interrupted', reason: 'shutdown' },
    retries: undefined,
    onHung: () => undefined,
    shed: () => ({ kind: 'run' }),
    claimKey: async () => undefined,
    reportProgress: async () => undefined,
    ...options,
  });
}
