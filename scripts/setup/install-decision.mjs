/**
 * Decides whether the packages have to be installed. Pure.
 *
 * `stamp` is what our last installation left behind, `wantedStamp` what one would leave now. Who ran npm by hand has no
 * stamp or an old one: then npm's own record of what lies in node_modules is compared with the lock file. `linkedTo` is where node_modules
 * really lies when it is a symbolic link: to install would empty that.
 */
export function decideInstall({ linkedTo, ...evidence }) {
  const decision = decide(evidence);
  if (decision.kind !== 'install' || linkedTo === undefined) return decision;
  const reason = `${decision.reason}, and node_modules is a symbolic link: npm would empty ${linkedTo}, which others may use`;
  return { kind: 'refuse', reason };
}

function decide({ wantedStamp, stamp, lock, installed }) {
  if (installed === undefined) return { kind: 'install', reason: 'no packages are installed yet' };
  if (stamp === wantedStamp) return { kind: 'fresh', reason: 'installed by us' };
  const otherPlatform = stamp !== undefined && platformOf(stamp) !== platformOf(wantedStamp);
  if (otherPlatform) return { kind: 'install', reason: `the packages are for ${platformOf(stamp)}` };
  const different = firstDifference(lock, installed);
  if (different === undefined) return { kind: 'stamp', reason: 'installed by npm' };
  return { kind: 'install', reason: `the packages are not those of the lock file (${different})` };
}

/** A stamp names the platform, since some packages are binaries, and the content of the lock file. */
export function stampOf(platform, lockHash) {
  return `${platform} ${lockHash}`;
}

function platformOf(stamp) {
  return stamp.split(' ')[0];
}

/** The first package that is missing or has another version. Optional ones may be missing: most are for other systems. */
function firstDifference(lock, installed) {
  for (const [path, wanted] of Object.entries(lock.packages ?? {})) {
    if (path === '' || wanted.link) continue;
    const present = installed.packages?.[path];
    if (present === undefined ? !(wanted.optional || wanted.devOptional) : present.version !== wanted.version) {
      return path.replace(/^.*node_modules\//, '');
    }
  }
  return undefined;
}
