import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createProducer, defineJob, defineQueue } from '../../../src/index.js';
import { silent } from '../worker-pool/test-pool.js';

const job = defineJob({ kind: 'test', queue: defineQueue({ name: 'q' }), payload: z.unknown(), run: () => undefined });

it('says that Redis is not available when it takes connections and answers nothing', async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { readonly port: number };
  const producer = createProducer({ redis: { url: `redis://127.0.0.1:${port}`, connectTimeoutMs: 300 }, log: silent });

  const enqueued = producer.enqueue(job, {});

  await expect(enqueued).rejects.toMatchObject({ code: 'BULWARK_REDIS_UNAVAILABLE' });
  await producer.close();
});
