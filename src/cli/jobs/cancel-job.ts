import { JobCancelledError } from '../../job/abort-reasons.js';
import { createWorkerId } from '../../recovery/worker-id.js';
import { reportError } from '../../retry/error-report.js';
import { pause } from '../../time/clock.js';
import { workerOfToken } from '../../transport/lease-token.js';
import type { CancelReply } from '../../transport/transition-scripts.js';
import type { RedisSession } from '../redis-session.js';

/** What became of the wish to call a job off. */
export interface CancelResult {
  readonly id: string;
  readonly queue: string;
  /**
   * `cancelled`: it lies among the dead letters. `marked`: the child of a flow, it fails when a worker takes it. `still_running`: its
   * worker was told, and it has not ended yet. `not_ours`: a plain BullMQ worker runs it. `scheduled`: a job scheduler's next run.
   * `ended`: there was nothing to call off.
   */
  readonly outcome: 'cancelled' | 'marked' | 'still_running' | 'not_ours' | 'scheduled' | 'ended';
  /** Who ran it. */
  readonly worker?: string;
  /** Its state, in BullMQ's words, when there was nothing to call off. */
  readonly state?: string;
}

export interface CancelRequest {
  readonly id: string;
  readonly queue: string;
  readonly why: string;
  /** How long a running job may take to end. */
  readonly timeoutMs: number;
  readonly dryRun: boolean;
}

const lookEveryMs = 100;
/** A worker hears of it with its next beat; should that be lost, it is told again. */
const tellEveryMs = 2_000;

/**
 * Calls a job off, wherever it is: one that waits is dead-lettered, one that runs is called off by its worker. It may move from one to
 * the other meanwhile, so what is to be done is asked again until it has ended.
 */
export async function cancelJob(redis: RedisSession, request: CancelRequest): Promise<CancelResult> {
  const { id, queue, timeoutMs, dryRun } = request;
  const deadline = performance.now() + timeoutMs;
  let worker: string | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    const reply = await redis.admin.cancel(queue, id, letterOf(request), dryRun);
    if (reply.kind !== 'running') return { id, queue, ...(await outcomeOf(redis, request, reply)), ...named(worker) };
    const owner = reply.token === '' ? undefined : workerOfToken(reply.token);
    if (reply.token !== '' && owner === undefined) return { id, queue, outcome: 'not_ours' };
    worker = owner ?? worker;
    if (dryRun) return { id, queue, outcome: 'still_running', ...named(worker) };
    const now = performance.now();
    if (owner !== undefined && now - toldAt >= tellEveryMs) {
      await redis.fleet.order(owner, { kind: 'cancel', queue, jobId: id, why: request.why });
      toldAt = now;
    }
    if (now >= deadline) return { id, queue, outcome: 'still_running', ...named(worker) };
    await pause(lookEveryMs, new AbortController().signal);
  }
}

async function outcomeOf(
  redis: RedisSession,
  { id, queue }: CancelRequest,
  { kind }: Exclude<CancelReply, { kind: 'running' }>,
): Promise<Pick<CancelResult, 'outcome' | 'state'>> {
  if (kind === 'cancelled' || kind === 'marked' || kind === 'scheduled') return { outcome: kind };
  const letter = kind === 'not_found' ? await redis.deadLetters(queue).get(id) : undefined;
  if (letter?.reason === 'cancelled') return { outcome: 'cancelled' };
  const state = letter ? `dead-lettered: ${letter.reason}` : ((await redis.inspector.job(queue, id))?.state ?? 'gone');
  return { outcome: 'ended', state };
}

function letterOf({ id, queue, why }: CancelRequest) {
  return {
    reason: 'cancelled' as const,
    error: reportError(new JobCancelledError(`job ${id}: ${why}`), 'cancelled', {
      maxErrorBytes: 2_048,
      maxStackBytes: 0,
    }),
    queue,
    id,
    by: `cli-${createWorkerId()}`,
  };
}

function named(worker: string | undefined): { readonly worker?: string } {
  return worker === undefined ? {} : { worker };
}
