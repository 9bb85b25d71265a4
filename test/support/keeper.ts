import { type RunningProcess, spawnProcess } from './processes.js';

const privateServer = new URL('../../dist/src/redis/server/private-server.js', import.meta.url).href;

/** A keeper in a process of its own, so that it can be killed: it starts a private server in the folder and holds it. */
export function spawnKeeper(dataDir: string): RunningProcess {
  const program = `
    import { pino } from 'pino';
    import { startPrivateServer } from ${JSON.stringify(privateServer)};
    try {
      const server = await startPrivateServer({
        binary: 'redis-server', dataDir: ${JSON.stringify(dataDir)}, log: pino({ level: 'silent' }),
      });
      console.log(JSON.stringify({ event: 'ready', url: server.url, pid: server.pid, adopted: server.adopted }));
      process.once('SIGTERM', () => server.stop());
    } catch (error) {
      console.log(JSON.stringify({ event: 'refused', code: error.code, message: error.message }));
    }
  `;
  return spawnProcess(process.execPath, ['--input-type=module', '-e', program]);
}
