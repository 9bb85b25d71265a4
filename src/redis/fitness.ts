import { BulwarkError } from '../errors/bulwark-error.js';
import type { RedisFacts } from './redis-facts.js';

/** Thrown at start when Redis is set up in a way that would lose jobs. The message says the fix. */
export class RedisMisconfiguredError extends BulwarkError {
  readonly code = 'BULWARK_REDIS_MISCONFIGURED';
  readonly retryable = false;
}

export type FindingLevel = 'ok' | 'warn' | 'error';

/** One thing looked at, for `bulwark doctor` and for the check at start. */
export interface Finding {
  readonly check: string;
  readonly level: FindingLevel;
  readonly detail: string;
  readonly fix?: string;
}

const oldestVersion = [6, 2] as const;

/** Judges the facts. Pure. An `error` is a setting under which jobs are lost or nothing works; a `warn` one to know of. */
export function decideFitness(facts: RedisFacts, connectionsNeeded = 0): Finding[] {
  return [
    versionFinding(facts),
    evictionFinding(facts),
    persistenceFinding(facts),
    clockFinding(facts),
    memoryFinding(facts),
    connectionFinding(facts, connectionsNeeded),
  ];
}

function versionFinding({ server, version }: RedisFacts): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const old =
    server === 'redis' && (major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1]));
  return old
    ? { check: 'redis version', level: 'error', detail: `${server} ${version}`, fix: 'use Redis 6.2 or later' }
    : { check: 'redis version', level: 'ok', detail: `${server} ${version}` };
}

/** Judges what Redis does when its memory is full. Pure. */
export function evictionFinding({ evictionPolicy }: Pick<RedisFacts, 'evictionPolicy'>): Finding {
  const check = 'eviction policy';
  if (evictionPolicy === 'noeviction') return { check, level: 'ok', detail: 'noeviction' };
  if (evictionPolicy === undefined)
    return { check, level: 'warn', detail: 'not reported by the server', fix: 'make sure that it is noeviction' };
  return {
    check,
    level: 'error',
    detail: `${evictionPolicy}: Redis would delete jobs and leases when its memory is full`,
    fix: 'run `redis-cli CONFIG SET maxmemory-policy noeviction` and put `maxmemory-policy noeviction` into redis.conf (managed Redis: the parameter group)',
  };
}

function persistenceFinding({ standIn, appendOnly, snapshots }: RedisFacts): Finding {
  const check = 'persistence';
  if (standIn)
    return {
      check,
      level: 'warn',
      detail: 'a stand-in for Redis inside the pool: its jobs are gone when the pool stops',
      fix: 'install redis-server or valkey-server and start the pool again, or set BULWARK_REDIS_URL to a Redis that you have',
    };
  if (appendOnly) return { check, level: 'ok', detail: 'append-only file on' };
  if (appendOnly === undefined)
    return { check, level: 'warn', detail: 'not reported by the server', fix: 'make sure that appendonly is yes' };
  return {
    check,
    level: 'warn',
    detail: snapshots
      ? 'snapshots only: a crash of Redis loses the jobs since the last one'
      : 'off: a restart of Redis loses every job',
    fix: 'set `appendonly yes` and `appendfsync everysec`',
  };
}

function clockFinding({ clockSkewMs }: RedisFacts): Finding {
  const detail = `${clockSkewMs} ms from this machine's`;
  return Math.abs(clockSkewMs) <= 1000
    ? { check: 'clock', level: 'ok', detail }
    : {
        check: 'clock',
        level: 'warn',
        detail,
        fix: 'synchronise the clocks (NTP): delayed jobs start that much early or late',
      };
}

function memoryFinding({ usedMemoryBytes, maxMemoryBytes }: RedisFacts): Finding {
  const check = 'memory';
  if (usedMemoryBytes === undefined) return { check, level: 'warn', detail: 'not reported by the server' };
  const used = `${(usedMemoryBytes / 1048576).toFixed(1)} MiB used`;
  if (!maxMemoryBytes) return { check, level: 'ok', detail: `${used}, no limit set` };
  const ratio = usedMemoryBytes / maxMemoryBytes;
  const detail = `${used}, ${Math.round(ratio * 100)} % of the limit`;
  return ratio < 0.8
    ? { check, level: 'ok', detail }
    : { check, level: 'warn', detail, fix: 'raise maxmemory or purge dead letters: at 100 % every enqueue fails' };
}

function connectionFinding({ connectedClients, maxClients }: RedisFacts, needed: number): Finding {
  const check = 'connections';
  if (connectedClients === undefined || maxClients === undefined)
    return { check, level: 'warn', detail: 'not reported by the server' };
  const detail = `${connectedClients} of ${maxClients}`;
  return connectedClients + needed < maxClients * 0.9
    ? { check, level: 'ok', detail }
    : { check, level: 'warn', detail, fix: 'raise maxclients, or run fewer worker processes with more slots each' };
}

/**
 * The check before anything runs.
 *
 * @throws RedisMisconfiguredError when a finding is an error; `allowEviction` lets the eviction policy pass.
 */
export function assertFit(findings: readonly Finding[], { allowEviction }: { readonly allowEviction: boolean }): void {
  const errors = findings.filter(
    (finding) => finding.level === 'error' && !(allowEviction && finding.check === 'eviction policy'),
  );
  if (errors.length === 0) return;
  throw new RedisMisconfiguredError(
    `Redis is not set up for Bulwark:\n${errors.map((finding) => `  ${finding.check}: ${finding.detail}\n    fix: ${finding.fix}`).join('\n')}`,
  );
}
