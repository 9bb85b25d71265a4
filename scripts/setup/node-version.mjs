// Imported first by every script: whoever runs an old Node reads this sentence and not a syntax error from a library.

const oldest = [20, 19];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  console.error(
    'setup: Bulwark needs Node ' +
      oldest.join('.') +
      ' or later, this is ' +
      process.versions.node +
      ' at ' +
      process.execPath +
      '; get a current one from https://nodejs.org or with a version manager (nvm install 22)',
  );
  process.exit(1);
}
