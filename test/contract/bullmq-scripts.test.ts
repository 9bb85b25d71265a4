import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { RedisQueueBackend } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { bullmqVersion } from '../../src/transport/bullmq-version.js';

/** BullMQ's scripts that ours stand in for, with everything they include, and which of ours that is. */
const mirroredScripts = {
  addDelayedJob: ['e47c0db3c46bd84afab98fae90bba3b98cf6554e74df840801c39baccc627c4c', 'add-many.lua'],
  addPrioritizedJob: ['d4652d1be004a3d7bfed76efdc706f2017f8dfd0080c51ab1f05457eeb1c3c77', 'add-many.lua'],
  addStandardJob: ['2eee45c9ffc54d24681b737f926016a7f7464f0d32a5f87f623bffa2fc55413c', 'add-many.lua'],
  extendLocks: ['14bb41f30eff2e7ff033bbcb31078fbc954a0bb16902129da8b68861c16baa5c', 'lease-renew.lua'],
  moveJobFromActiveToWait: [
    'ac9546cdd23294a20e0941aa531b52d83ce387e69a6a3c251af5ca0266bb0753',
    'release.lua, fetch-and-finish.lua',
  ],
  moveToActive: ['7d35069db0b831af1bd1b2d5eb8d524e86fc7d3280b8c684a96b6614bad7d79a', 'fetch-and-finish.lua'],
  moveToDelayed: ['1a7b9311ef92fd66416973c29fa8b2c909cec58d0bfcf3e5ab53bb07ea1664d7', 'fetch-and-finish.lua'],
  moveToFinished: [
    '8e744ec5d65dbe9e7ffb6e39a96c0268bba65e4f0b1d04e2d2a42ccb71b45a6d',
    'fetch-and-finish.lua, dead-letter.lua',
  ],
} as const;

/** Methods of BullMQ's backend that decide what its scripts are told, and which file of ours decides it alike. */
const mirroredMethods = {
  addJobToTransaction: [
    'dc78731d94288260e699577713f6cff996033c113c5de695e36ffc12dd0b0841',
    'batched-adding.ts, bullmq-job-words.ts',
  ],
  getKeepJobs: ['06b0db2d4b4b581f2d08c1ab9c3a40532b3a23eb51bf4bf8cd7f172f11b48660', 'keep-policy.ts'],
  moveToActive: ['5acf245b2d4ca094648203aaa2c587e9d946bbcd81a48eee2ce328e6b3655497', 'batched-work.ts'],
  moveToCompleted: ['0a61d59b25e5b61eccec497a008b92f0d2775396658ec853602d7f0f509f2d16', 'batched-work.ts'],
  moveToDelayed: ['d65e555153b242ba10f4a8beaad050343dc82beab69761ef8b4eb71c8201f989', 'batched-work.ts'],
  moveToDelayedArgs: ['6c28717c8f5d3f3d861c77a96e3b3ad875fb2842fc8e63ac9b472852aa3f7dd0', 'batched-work.ts'],
  moveToFailed: ['68def5f4b19652a15f40582fe84df03d09ef48c5bd2bfe28c9ad6aa6ed16a7bc', 'batched-work.ts'],
  moveToFinishedArgs: ['c0d6d9c7df54de57c29cb341d30ef917c79b86983a5923718050724cfcc5522e', 'batched-work.ts'],
} as const;

/** As BullMQ sends them, every include in its place. */
const scripts = Object.values(
  createRequire(import.meta.url)('bullmq/dist/cjs/scripts/index.js') as Record<
    string,
    { name: string; content: string }
  >,
);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const whatToDo = (what: string, ours: string): string =>
  `${what} has changed in BullMQ ${bullmqVersion}. Read what changed (node_modules/bullmq/dist/esm against the version before), ` +
  `bring ${ours} in src/transport up to it, run test/conformance, and write the new hash here.`;

describe('BullMQ', () => {
  it('is pinned to one version, because ours writes what that version would', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>;
    };

    expect(dependencies['bullmq']).toBe(bullmqVersion);
  });

  it.each(Object.entries(mirroredScripts))('has the script %s that ours was written after', (name, [sha, ours]) => {
    const script = scripts.find((candidate) => candidate.name === name);

    expect(sha256(script?.content ?? ''), whatToDo(`the script ${name}`, ours)).toBe(sha);
  });

  it.each(Object.entries(mirroredMethods))('has the method %s that ours was written after', (name, [sha, ours]) => {
    const method: unknown = Reflect.get(RedisQueueBackend.prototype, name);

    expect(sha256(String(method)), whatToDo(`the method ${name}`, ours)).toBe(sha);
  });
});
