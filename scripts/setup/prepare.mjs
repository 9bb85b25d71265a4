import { build } from './build.mjs';
import { install } from './install.mjs';
import { withSetupLock } from './lock.mjs';

/** Brings packages and build up to date; says nothing when they are. */
export function prepare() {
  return withSetupLock(() => {
    install();
    build();
  });
}
