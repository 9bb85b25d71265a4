import { createRequire } from 'node:module';

const manifest: { readonly version: string } = createRequire(import.meta.url)('bulwark/package.json');

/**
 * The version of this package, as its package.json says.
 *
 * Read through the package's own name, because the way to the file differs between `src` (tests) and `dist`.
 */
export const bulwarkVersion = manifest.version;
