import { expect, it } from 'vitest';
import { z } from 'zod';
import { checkPayloads } from '../../../../src/cli/enqueue/check-payloads.js';
import type { GivenPayload } from '../../../../src/cli/enqueue/read-payloads.js';
import { defineJob } from '../../../../src/job/define-job.js';
import { defineQueue } from '../../../../src/job/define-queue.js';
import { PayloadInvalidError } from '../../../../src/job/payload.js';

const job = defineJob({
  kind: 'send-receipt',
  queue: defineQueue({ name: 'email' }),
  payload: z.object({ to: z.email(), copies: z.int().default(1) }),
  run: () => undefined,
});

const line = (number: number, payload: unknown): GivenPayload => ({ origin: `line ${number}`, read: { payload } });

it('answers the payloads as they were given: the worker fills in defaults', async () => {
  expect(await checkPayloads(job, [line(1, { to: 'a@b.co' })], 1024)).toEqual([{ to: 'a@b.co' }]);
});

it('names every fault with the line it is in', async () => {
  const given: GivenPayload[] = [
    line(1, { to: 'a@b.co' }),
    { origin: 'line 2', read: { fault: 'is not JSON: oops' } },
    line(3, { to: 'nobody', copies: 'two' }),
    line(4, { to: `${'a'.repeat(2000)}@b.co` }),
  ];

  const refusal = await checkPayloads(job, given, 1024).catch((error: unknown) => error);

  expect(refusal).toBeInstanceOf(PayloadInvalidError);
  const { faults } = refusal as PayloadInvalidError;
  expect(faults.map(({ path }) => path)).toEqual(['line 2', 'line 3: to', 'line 3: copies', 'line 4']);
  expect(faults[3]?.message).toMatch(/at most 1024 are accepted/);
});

it('names only the field when there is one payload', async () => {
  const refusal = await checkPayloads(job, [{ origin: '', read: { payload: {} } }], 1024).catch(
    (error: unknown) => error,
  );

  expect((refusal as PayloadInvalidError).faults.map(({ path }) => path)).toEqual(['to']);
});
