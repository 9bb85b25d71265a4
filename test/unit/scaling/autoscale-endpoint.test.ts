import { expect, it } from 'vitest';
import { answerAutoscale } from '../../../src/scaling/autoscale-endpoint.js';

it('says so when Redis does not answer, and never waits for ever', async () => {
  const silent = { record: () => new Promise<never>(() => undefined), groups: async () => ['mail'] };

  expect(await answerAutoscale(silent, 'mail')).toMatchObject({ status: 503 });
});

it('says that there is no group at all', async () => {
  const { status, body } = await answerAutoscale({ record: async () => undefined, groups: async () => [] }, 'mail');

  expect(status).toBe(404);
  expect(body).toContain('no process has told of a queue yet');
});
