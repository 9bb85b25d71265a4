import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineDependency, defineJob, defineQueue } from 'bulwark';
import { z } from 'zod';

/** `call`: needs the dependency. `other`: takes as long, and does not need it. Both are in one queue. */
export type CallingKind = 'call' | 'other';

export const callingQueue = 'calls';
/** How often a job may run and how long it waits in between, for everybody: as the documentation of BullMQ shows it. */
export const callAttempts = { attempts: 3, delayMs: 1_000 };
/** How long a call may take, for everybody. */
export const callTimeoutMs = 1_000;
const otherMs = 20;

/** One connection for each call, so that whoever is called can count them. */
const agent = new Agent({ keepAlive: false });

/** Calls the dependency once. */
export async function callDependency(url: string, signal: AbortSignal): Promise<void> {
  const [response] = (await once(request(url, { agent, signal }).end(), 'response')) as [IncomingMessage];
  await response.resume().toArray();
}

export async function doOther(): Promise<void> {
  await sleep(otherMs);
}

/** Both kinds of job, as a worker runs them that finds the dependency there. */
export function defineCallingJobs(url: string) {
  const queue = defineQueue({ name: callingQueue });
  const payload = z.object({ number: z.int() });
  const dependency = defineDependency({ name: 'dependency', timeout: callTimeoutMs });
  const retry = { attempts: callAttempts.attempts, base: callAttempts.delayMs };
  return {
    call: defineJob({
      kind: 'call',
      queue,
      payload,
      retry,
      dependencies: [dependency],
      run: (_payload, ctx) => ctx.call(dependency, (signal) => callDependency(url, signal)),
    }),
    other: defineJob({ kind: 'other', queue, payload, retry, run: doOther }),
  };
}
