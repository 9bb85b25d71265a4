import { createRequire } from 'node:module';

/** The BullMQ this transport is written against; pinned, because the layout in Redis is BullMQ's. */
export const bullmqVersion: string = (createRequire(import.meta.url)('bullmq/package.json') as { version: string })
  .version;
