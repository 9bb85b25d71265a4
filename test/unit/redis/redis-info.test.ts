import { describe, expect, it } from 'vitest';
import { parseRedisInfo } from '../../../src/redis/redis-info.js';

const text = [
  '# Server',
  'uptime_in_seconds:90',
  '# Clients',
  'connected_clients:12',
  'maxclients:10000',
  'blocked_clients:3',
  '# Memory',
  'used_memory:1000',
  'maxmemory:4000',
  'maxmemory_policy:noeviction',
  '# Persistence',
  'rdb_last_bgsave_status:ok',
  'aof_last_write_status:ok',
  '# Stats',
  'total_commands_processed:77',
  'evicted_keys:0',
].join('\r\n');

describe('parseRedisInfo', () => {
  it('reads what the leader watches', () => {
    expect(parseRedisInfo(text)).toEqual({
      usedMemoryBytes: 1000,
      maxMemoryBytes: 4000,
      evictionPolicy: 'noeviction',
      evictedKeys: 0,
      commandsRun: 77,
      connectedClients: 12,
      blockedClients: 3,
      maxClients: 10000,
      uptimeSeconds: 90,
      persistenceFails: false,
    });
  });

  it.each(['rdb_last_bgsave_status', 'aof_last_write_status'])('sees that %s is bad', (field) => {
    expect(parseRedisInfo(text.replace(`${field}:ok`, `${field}:err`)).persistenceFails).toBe(true);
  });

  it('knows nothing of what the server hides', () => {
    expect(parseRedisInfo('used_memory:1000\r\nmaxmemory:none of your business')).toMatchObject({
      usedMemoryBytes: 1000,
      maxMemoryBytes: undefined,
      evictionPolicy: undefined,
      evictedKeys: undefined,
      persistenceFails: false,
    });
  });
});
