import { expect, it } from 'vitest';
import {
  decideInstall,
  type InstallEvidence,
  type Lock,
  type LockedPackage,
  stampOf,
} from '../../../scripts/setup/install-decision.mjs';

const lockOf = (packages: Record<string, LockedPackage>): Lock => ({
  packages: { '': { version: '0.1.0' }, ...packages },
});

const lock = lockOf({
  'node_modules/pino': { version: '10.4.0' },
  'node_modules/pino/node_modules/ms': { version: '2.0.0' },
  'node_modules/@biomejs/cli-win32-x64': { version: '2.6.8', optional: true },
});
const installed = lockOf({
  'node_modules/pino': { version: '10.4.0' },
  'node_modules/pino/node_modules/ms': { version: '2.0.0' },
});
const stamp = stampOf('linux-x64', 'hash-of-lock');
const oldStamp = stampOf('linux-x64', 'hash-of-older-lock');

const evidence = (given: Partial<InstallEvidence>): InstallEvidence => ({
  wantedStamp: stamp,
  stamp,
  lock,
  installed,
  linkedTo: undefined,
  ...given,
});

it.each<[string, Partial<InstallEvidence>, string, string]>([
  ['does nothing when our stamp fits', {}, 'fresh', 'by us'],
  ['installs in a fresh clone', { stamp: undefined, installed: undefined }, 'install', 'no packages'],
  ['installs after an installation that was broken off', { installed: undefined }, 'install', 'no packages'],
  ['accepts what npm installed by hand', { stamp: undefined }, 'stamp', 'by npm'],
  ['accepts what npm installed by hand since our last time', { stamp: oldStamp }, 'stamp', 'by npm'],
  [
    'installs when a package is missing',
    { stamp: oldStamp, installed: lockOf({ 'node_modules/pino': { version: '10.4.0' } }) },
    'install',
    '(ms)',
  ],
  [
    'installs when a package has another version',
    { stamp: oldStamp, lock: lockOf({ 'node_modules/pino': { version: '10.5.0' } }) },
    'install',
    '(pino)',
  ],
  [
    'installs when an optional package has another version',
    {
      stamp: undefined,
      installed: lockOf({ ...installed.packages, 'node_modules/@biomejs/cli-win32-x64': { version: '1.0.0' } }),
    },
    'install',
    '(@biomejs/cli-win32-x64)',
  ],
  [
    'installs again when the folder came from another system',
    { wantedStamp: stampOf('darwin-arm64', 'hash-of-lock') },
    'install',
    'linux-x64',
  ],
  ['uses what a link leads to, when that fits', { linkedTo: '/elsewhere' }, 'fresh', 'by us'],
  [
    'never empties what a link leads to',
    { linkedTo: '/elsewhere', lock: lockOf({ 'node_modules/pino': { version: '10.5.0' } }), stamp: oldStamp },
    'refuse',
    '(pino), and node_modules is a symbolic link: npm would empty /elsewhere',
  ],
  [
    'never fills what a link leads to',
    { linkedTo: '/elsewhere', stamp: undefined, installed: undefined },
    'refuse',
    'symbolic link',
  ],
])('%s', (_title, given, kind, reason) => {
  const decision = decideInstall(evidence(given));

  expect(decision).toEqual({ kind, reason: expect.stringContaining(reason) });
});
