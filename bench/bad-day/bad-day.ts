import { setTimeout as sleep } from 'node:timers/promises';
import { MailServer } from './mail-server.js';
import { type PoolProcess, PoolProcesses, type PoolRole } from './pool-processes.js';
import type { Prometheus } from './prometheus.js';
import { Shop } from './shop.js';

export interface BadDayOptions {
  /** Where the repository lies, with what was built of it. */
  readonly root: URL;
  readonly redisUrl: string;
  readonly prometheus: Prometheus;
  /** How to take Redis away and bring it back; without it nothing happens to Redis. */
  readonly server?: { kill(): Promise<void>; restart(): Promise<void> };
  /** How long nothing new happens between two troubles. */
  readonly calmMs: number;
  readonly onTrouble?: (what: string) => void;
}

/** Paces at which a death is noticed soon, so that nobody has to wait for it. */
const pace = {
  BULWARK_WORKER_CONCURRENCY: '4',
  BULWARK_WORKER_BEAT: '200ms',
  BULWARK_WORKER_LEASE: '3s',
  BULWARK_WORKER_LEASE_RENEW: '500ms',
  BULWARK_SUPERVISOR_LEASE: '1s',
  BULWARK_SUPERVISOR_RENEW: '250ms',
  BULWARK_SUPERVISOR_DEAD_AFTER: '1500ms',
  BULWARK_SUPERVISOR_SWEEP: '200ms',
  BULWARK_LOG_LEVEL: 'info',
} as const;

/** Both workers together do about eighty receipts a second of a tenth of a second each. */
const overload = { receiptsPerS: 200, receiptMs: 100 } as const;

/**
 * A real pool on a bad day: two workers and two supervisors do normal work; a worker is killed; the mail server is down; more
 * arrives than can be done; Redis is gone for a while; the leader is killed. Prometheus watches all of it, and each trouble lasts until it has seen what the pool did.
 */
export async function liveThroughBadDay({
  root,
  redisUrl,
  server,
  prometheus,
  calmMs,
  onTrouble,
}: BadDayOptions): Promise<void> {
  const processes = new PoolProcesses(root, { ...pace, BULWARK_REDIS_URL: redisUrl });
  const mail = await MailServer.start();
  const shop = await Shop.build(redisUrl, mail.url);
  let members: PoolProcess[] = [];
  const join = async (...roles: PoolRole[]) => {
    members = [...members, ...(await Promise.all(roles.map((role) => processes.start(role))))];
    await prometheus.scrape([...members, { job: 'shop', port: shop.port }]);
  };
  const kill = (victim: PoolProcess | undefined) => {
    victim?.kill();
    members = members.filter((member) => member !== victim);
  };
  const calm = () => sleep(calmMs);

  try {
    onTrouble?.('normal work');
    await join('supervisor', 'supervisor', 'worker', 'worker');
    shop.open();
    await prometheus.sees('sum(bulwark_jobs_ended_total{result="failed"}) > 1');
    await calm();

    onTrouble?.('a worker is killed');
    const killWorker = async (timeoutMs?: number) => {
      await prometheus.sees('count(bulwark_worker_slots{queue="payments", state="busy"} > 0) == 2');
      kill(members.find(({ job }) => job === 'worker'));
      await join('worker');
      await prometheus.sees('sum(bulwark_orphaned_jobs_total) > 0', timeoutMs);
    };
    // What it was seen to run may have ended when it is killed: then another has to go.
    await killWorker(10_000)
      .catch(() => killWorker(10_000))
      .catch(() => killWorker());
    await calm();

    onTrouble?.('the mail server is down');
    mail.isDown = true;
    await prometheus.sees('max(bulwark_breaker_state{state="open"}) == 1');
    await prometheus.sees('sum(bulwark_breaker_parked_jobs) > 0');
    await prometheus.sees('sum(bulwark_job_fallbacks_total) > 0');
    await calm();
    mail.isDown = false;
    await prometheus.sees('sum(bulwark_breaker_returned_jobs_total) > 0');
    await prometheus.sees('max(bulwark_breaker_state{state="closed"}) == 1');
    await calm();

    onTrouble?.('more arrives than can be done');
    const usual = { receiptsPerS: shop.receiptsPerS, receiptMs: shop.receiptMs };
    Object.assign(shop, overload);
    await prometheus.sees('max(bulwark_shed_level) > 0.5 and on() sum(bulwark_jobs_shed_total{action="refused"}) > 0');
    await calm();
    Object.assign(shop, usual);
    await calm();

    if (server) {
      onTrouble?.('Redis is gone');
      await server.kill();
      await prometheus.sees('sum(bulwark_redis_errors_total{kind="connection"}) > 0');
      await server.restart();
      await prometheus.sees('count(bulwark_queue_jobs) > 0');
      await calm();
    }

    onTrouble?.('the leader is killed');
    await prometheus.sees('bulwark_supervisor_leader == 1');
    const [leads] = await prometheus.query('topk(1, bulwark_supervisor_epoch and bulwark_supervisor_leader == 1)');
    const [instance, epoch] = [leads?.metric['instance'], leads?.values[0]?.[1]];
    kill(members.find(({ port }) => instance?.endsWith(`:${port}`)));
    await join('supervisor');
    await prometheus.sees(`max(bulwark_supervisor_epoch and bulwark_supervisor_leader == 1) > ${epoch}`);
    // What the new one has counted.
    await prometheus.sees(`count(bulwark_queue_jobs{instance!="${instance}"}) > 0`);
    await calm();
  } finally {
    await shop.close();
    await processes.end();
    mail.end();
  }
}
