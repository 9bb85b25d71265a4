import { Redis } from 'ioredis';
import { eventually } from './eventually.js';
import { startRedis, type TestRedis } from './redis-server.js';

/** A cluster of one node, which has all slots: a script that touches two of them is refused. */
export async function startCluster(): Promise<TestRedis> {
  const server = await startRedis({ directives: { 'cluster-enabled': 'yes', 'cluster-announce-ip': '127.0.0.1' } });
  const node = new Redis(server.url);
  await node.cluster('ADDSLOTSRANGE', 0, 16_383);
  await eventually('the cluster is up', async () => (await node.cluster('INFO')).includes('cluster_state:ok'));
  node.disconnect();
  return server;
}
