import { spawnSync } from 'node:child_process';
import { SetupError, say } from './project.mjs';

/**
 * Makes sure that there is a real Redis for tests and proofs: they kill it, restart it and read its files back, which no
 * stand-in does. As root on Debian and its kin it is installed; anywhere else the error says how. Call it after `build`.
 */
export async function ensureRedis() {
  const { findServerBinary } = await import('../../dist/src/redis/server/find-binary.js');
  if (await findServerBinary()) return;
  if (canInstall()) {
    say('no redis-server on the PATH: installing it with apt-get');
    if (
      aptGet('update', '-qq') &&
      aptGet('install', '-y', '-qq', '--no-install-recommends', 'redis-server') &&
      (await findServerBinary())
    )
      return;
  }
  const { installHint } = await import('../../dist/src/redis/server/install-hint.js');
  throw new SetupError(
    `this needs a real Redis, and there is no redis-server or valkey-server on the PATH; install one and try again:\n${installHint}`,
  );
}

function canInstall() {
  return process.getuid?.() === 0 && spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
}

function aptGet(...args) {
  // RUNLEVEL=1 keeps the package from starting a server of the system: ours start their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}
