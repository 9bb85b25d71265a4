import { describe, expect, it } from 'vitest';
import { parseRedisInfo } from '../../../src/redis/redis-info.js';
import { RedisGauges } from '../../../src/supervisor/redis-gauges.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { metricValue } from '../../integration/worker-pool/metric-value.js';

function startGauges() {
  const metrics = createMetrics({ role: 'supervisor', version: '0' });
  const gauges = new RedisGauges(metrics);
  return {
    metrics,
    gauges,
    tell: (info: string) => gauges.tell(parseRedisInfo(info), 7),
    evicted: () => metricValue(metrics, 'bulwark_redis_evicted_keys_total'),
  };
}

describe('RedisGauges', () => {
  it('tells of memory, connections and what is evicted', async () => {
    const { metrics, tell } = startGauges();

    tell('used_memory:10\nmaxmemory:40\nmaxmemory_policy:noeviction\nblocked_clients:3\naof_last_write_status:err');

    expect(await metricValue(metrics, 'bulwark_redis_memory_used_bytes')).toBe(10);
    expect(await metricValue(metrics, 'bulwark_redis_memory_max_bytes')).toBe(40);
    expect(await metricValue(metrics, 'bulwark_redis_eviction_policy', { policy: 'noeviction' })).toBe(1);
    expect(await metricValue(metrics, 'bulwark_redis_blocked_clients')).toBe(3);
    expect(await metricValue(metrics, 'bulwark_redis_persistence_failing')).toBe(1);
    expect(await metricValue(metrics, 'bulwark_redis_round_trip_seconds_count')).toBe(1);
  });

  it('exports one eviction policy, the one that holds now', async () => {
    const { metrics, tell } = startGauges();

    tell('maxmemory_policy:allkeys-lru');
    tell('maxmemory_policy:noeviction');

    expect(await metricValue(metrics, 'bulwark_redis_eviction_policy')).toBe(1);
    expect(await metricValue(metrics, 'bulwark_redis_eviction_policy', { policy: 'noeviction' })).toBe(1);
  });

  it('counts what Redis evicts from when it first looked, over restarts of the server', async () => {
    const { tell, evicted } = startGauges();

    tell('evicted_keys:100');
    const first = await evicted();
    tell('evicted_keys:103');
    const second = await evicted();
    tell('evicted_keys:2');

    expect([first, second, await evicted()]).toEqual([0, 3, 5]);
  });

  it('takes everything back when somebody else leads, and counts anew when it leads again', async () => {
    const { metrics, gauges, tell, evicted } = startGauges();
    tell('used_memory:10\nevicted_keys:1\nmaxmemory_policy:noeviction');

    gauges.clear();
    const used = await metricValue(metrics, 'bulwark_redis_memory_used_bytes');
    const policies = await metricValue(metrics, 'bulwark_redis_eviction_policy');
    tell('evicted_keys:50');

    expect([used, policies, await evicted()]).toEqual([0, 0, 0]);
  });
});
