import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineDependency, defineJob, defineQueue } from '../../../src/index.js';
import { queueNeeds } from '../../../src/worker/queue-needs.js';

it('names by queue what kinds without a fallback need, but for what has no breaker', () => {
  const [email, video] = [defineQueue({ name: 'email' }), defineQueue({ name: 'video' })];
  const [smtp, crm, s3] = ['smtp', 'crm', 's3'].map((name) => defineDependency({ name }));
  const clock = defineDependency({ name: 'clock', breaker: false });
  if (!smtp || !crm || !s3) throw new Error('three dependencies');
  const kind = { payload: z.object({}), run: () => undefined };
  const jobs = [
    defineJob({ ...kind, kind: 'send', queue: email, dependencies: [smtp, clock] }),
    defineJob({ ...kind, kind: 'greet', queue: email, dependencies: [crm, smtp] }),
    defineJob({ ...kind, kind: 'encode', queue: video, dependencies: [s3], fallback: () => undefined }),
  ];

  expect([...queueNeeds({ jobs })]).toEqual([['email', ['smtp', 'crm']]]);
});
