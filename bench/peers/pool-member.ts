import { type CreateSupervisorOptions, type CreateWorkerOptions, createSupervisor, createWorker } from 'bulwark';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { bulwarkVersion } from '../../src/telemetry/version.js';
import { faultJob } from './fault-job.js';
import { jumpClock } from './jump-clock.js';

/** What may be asked of a member: its metrics, and to let its wall clock jump. */
export type MemberQuestion = { readonly ask: 'metrics' } | { readonly ask: 'jump'; readonly ms: number };

/** What it answers. */
export interface MemberAnswer {
  readonly event: 'answer';
  /** All metrics in the text format of Prometheus. */
  readonly page: string;
}

const [, , role, written = '{}'] = process.argv;
const options = JSON.parse(written) as Omit<CreateWorkerOptions, 'jobs'> & CreateSupervisorOptions;
const metrics = createMetrics({ role: role === 'worker' ? 'worker' : 'supervisor', version: bulwarkVersion });
const member =
  role === 'worker'
    ? createWorker({ ...options, jobs: [faultJob], metrics })
    : createSupervisor({ ...options, metrics });

process.once('disconnect', () => process.exit());
process.on('message', async (question: MemberQuestion) => {
  if (question.ask === 'jump') jumpClock(question.ms);
  process.send?.({ event: 'answer', page: await metrics.render() } satisfies MemberAnswer);
});
await member.start();
process.send?.('ready');
