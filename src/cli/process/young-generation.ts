import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8's young generation grow as it likes. `bin/bulwark.mjs` holds it small while modules are loaded: the load alone would make
 * it grow to 16 MB, which an idle worker would keep for good.
 */
export function letYoungGenerationGrow(): void {
  setFlagsFromString('--semi-space-growth-factor=2');
}
