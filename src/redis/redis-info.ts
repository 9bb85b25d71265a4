/** What Redis tells of itself in answer to INFO. A managed Redis may hide any of it: that is undefined. */
export interface RedisInfo {
  readonly usedMemoryBytes: number | undefined;
  /** 0 without a limit. */
  readonly maxMemoryBytes: number | undefined;
  readonly evictionPolicy: string | undefined;
  /** Since the server started; so is the next. */
  readonly evictedKeys: number | undefined;
  readonly commandsRun: number | undefined;
  readonly connectedClients: number | undefined;
  readonly blockedClients: number | undefined;
  readonly maxClients: number | undefined;
  readonly uptimeSeconds: number | undefined;
  /** Whether the append-only file and the last snapshot could be written, as far as there are any. */
  readonly persistenceFails: boolean;
}

/** Reads the text of INFO. Pure. */
export function parseRedisInfo(text: string): RedisInfo {
  const fields = infoFields(text);
  const number = (field: string): number | undefined => {
    const value = Number(fields.get(field));
    return fields.has(field) && Number.isFinite(value) ? value : undefined;
  };
  return {
    usedMemoryBytes: number('used_memory'),
    maxMemoryBytes: number('maxmemory'),
    evictionPolicy: fields.get('maxmemory_policy'),
    evictedKeys: number('evicted_keys'),
    commandsRun: number('total_commands_processed'),
    connectedClients: number('connected_clients'),
    blockedClients: number('blocked_clients'),
    maxClients: number('maxclients'),
    uptimeSeconds: number('uptime_in_seconds'),
    persistenceFails: ['aof_last_write_status', 'rdb_last_bgsave_status'].some((field) => fields.get(field) === 'err'),
  };
}

/** The fields of INFO by name. */
export function infoFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return fields;
}
