/** How to get a real Redis, one line for each system. */
export const installHint = [
  '  Debian, Ubuntu   sudo apt-get install redis-server',
  '  Fedora, RHEL     sudo dnf install valkey',
  '  Alpine           sudo apk add valkey',
  '  macOS            brew install redis',
  '  Windows          wsl --install, then the line for Ubuntu inside WSL',
].join('\n');
