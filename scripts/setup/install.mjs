import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { decideInstall, stampOf } from './install-decision.mjs';
import { root, SetupError, say } from './project.mjs';

const lockFile = join(root, 'package-lock.json');
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.bulwark-install');
/** Written by npm when an installation is complete. */
const installedFile = join(modules, '.package-lock.json');

/** Installs exactly what the lock file says, when that is not what lies in node_modules. Call it under the setup lock. */
export function install() {
  const lock = readFileSync(lockFile, 'utf8');
  const wantedStamp = stampOf(`${process.platform}-${process.arch}`, createHash('sha256').update(lock).digest('hex'));
  const decision = decideInstall({
    wantedStamp,
    stamp: existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : undefined,
    lock: JSON.parse(lock),
    installed: existsSync(installedFile) ? JSON.parse(readFileSync(installedFile, 'utf8')) : undefined,
    linkedTo: lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(modules) : undefined,
  });
  if (decision.kind === 'fresh') return;
  if (decision.kind === 'refuse') {
    throw new SetupError(`${decision.reason}; remove the link and start again, or run \`npm ci\` where it leads`);
  }
  if (decision.kind === 'install') {
    say(`installing the packages of package-lock.json: ${decision.reason}`);
    runNpm(['ci', '--include=dev', '--loglevel=error']);
  }
  writeFileSync(stampFile, wantedStamp);
}

function runNpm(args) {
  // The npm that runs us, if one does: on Windows `npm` is a shell script that cannot be spawned directly.
  const own = process.env.npm_execpath;
  const [command, first, shell] =
    own && basename(own) === 'npm-cli.js'
      ? [process.execPath, [own], false]
      : ['npm', [], process.platform === 'win32'];
  const { status, error } = spawnSync(command, [...first, ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell,
  });
  if (error) throw new SetupError(`npm could not be run (${error.message}); it comes with Node: https://nodejs.org`);
  if (status !== 0) {
    throw new SetupError(
      `npm ${args[0]} failed, its own words are above; most often the registry cannot be reached (network, proxy, \`npm config get registry\`), or package.json was edited by hand (then run \`npm install\` once)`,
    );
  }
}
