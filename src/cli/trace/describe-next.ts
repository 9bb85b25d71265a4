import { assertNever } from '../../errors/assert-never.js';
import { describeBreaker } from '../breaker/describe-breaker.js';
import { counted, shortened, spokenDuration } from '../wording.js';
import type { Next, Obstacle, Runner } from './decide-next.js';
import { momentOf } from './read-facts.js';

export interface DescribedNext {
  readonly text: string;
  /** What is in the way, each with what to do about it. */
  readonly obstacles: readonly string[];
}

export interface NextSubject {
  readonly id: string;
  readonly queue: string;
  readonly kind: string;
  readonly deadId?: string;
  readonly now: number;
}

/** Says in words what happens next to a job. Pure. */
export function describeNext(next: Next, subject: NextSubject): DescribedNext {
  const obstacles = 'obstacles' in next ? next.obstacles.map((obstacle) => spokenObstacle(obstacle, subject)) : [];
  return { text: spokenNext(next, subject), obstacles };
}

const delays: Readonly<Record<string, string>> = {
  backoff: ', after its backoff',
  delay: ', as its producer asked',
  retry_budget: ', if the retry budget of its queue has something left by then (retry_budget)',
};

function spokenNext(next: Next, { queue, deadId, now }: NextSubject): string {
  switch (next.what) {
    case 'nothing':
      return next.because === 'dead_lettered'
        ? `nothing, until somebody redrives it: \`bulwark dlq redrive ${queue} ${deadId ?? ''}\``
        : `nothing: it has ended (${next.because})`;
    case 'ends':
      return `it ends: it runs ${spokenRunner(next.runner)}`;
    case 'recovered':
      return next.runner?.worker === undefined
        ? 'it is put back: nobody holds it, and the leader finds that within seconds'
        : `it is put back: ${next.runner.worker}, which ran it, gives no sign of life`;
    case 'starts': {
      const { ahead, freeSlots } = next;
      const room = freeSlots > 0 ? `, and ${counted(freeSlots, 'slot is', 'slots are')} free for its kind` : '';
      return `it starts: ${spokenPlace(ahead)}${room}`;
    }
    case 'due':
      if (next.because.startsWith('tenant_slots:')) {
        return `it comes back as another job of its tenant ends, which runs as many as it may (${next.because}); else ${spokenMoment(next.at, now)}`;
      }
      return `it comes back ${spokenMoment(next.at, now)}${delays[next.because] ?? ` (${next.because})`}`;
    case 'returns':
      return `it comes back as the breaker ${next.breaker} lets calls through; else ${spokenMoment(next.at, now)}`;
    case 'isolated':
      return `it runs alone as soon as a worker has a lane for it${next.freeLanes > 0 ? `, and ${counted(next.freeLanes, 'has one', 'have one')}` : ''}; else it comes back ${spokenMoment(next.at, now)}`;
    case 'children_end':
      return `it goes on when its children have ended: it waits for ${counted(next.children, 'child', 'children')}`;
    case 'repaired':
      return 'it is put back: it is in no list, and the census of the leader finds that. `bulwark doctor` shows all of those';
    default:
      return assertNever(next);
  }
}

function spokenPlace(ahead: number | undefined): string {
  if (ahead === undefined) return 'very many go before it';
  return ahead === 0 ? 'it goes first' : `${counted(ahead, 'job goes', 'jobs go')} before it`;
}

function spokenRunner({ worker, state, forMs, leaseForMs, blockedMs, progress, toldToCancel }: Runner): string {
  const facts = [
    worker === undefined ? 'on a plain BullMQ worker' : `on ${worker}`,
    forMs === undefined ? undefined : `for ${spokenDuration(forMs)}`,
    state === 'blocked'
      ? `and holds up its event loop${blockedMs === undefined ? '' : ` for ${spokenDuration(blockedMs)}`}`
      : undefined,
    state === 'late' ? 'whose beat is late' : undefined,
    state === 'draining' ? 'which is about to stop' : undefined,
    progress === undefined ? undefined : `progress ${shortened(JSON.stringify(progress), 200)}`,
    `lease for another ${spokenDuration(leaseForMs)}`,
    toldToCancel === undefined
      ? undefined
      : `which was told to call it off (${shortened(toldToCancel, 200)}) and has not heard of it yet`,
  ];
  return facts.filter((fact) => fact !== undefined).join(', ');
}

function spokenMoment(at: number, now: number): string {
  if (at <= now) return 'now: it is due';
  return momentOf(at) === null
    ? 'never: its due time is no moment'
    : `in ${spokenDuration(at - now)} (${new Date(at).toISOString()})`;
}

function spokenObstacle(obstacle: Obstacle, { queue, kind, now }: NextSubject): string {
  switch (obstacle.what) {
    case 'queue_paused':
      return `queue ${queue} is paused: \`bulwark queue resume ${queue}\``;
    case 'no_worker':
      return `no worker takes jobs of queue ${queue}${spokenIdle(obstacle.idle)}: \`bulwark worker run\``;
    case 'kind_unknown':
      return `nobody who takes jobs of queue ${queue} knows the kind ${kind}${spokenIdle(obstacle.idle)}: any of ${counted(obstacle.workers, 'worker', 'workers')} would dead-letter it (kind_unknown)`;
    case 'some_know_not':
      return `${counted(obstacle.workers, 'worker takes', 'workers take')} jobs of queue ${queue} and does not know the kind ${kind}: it is dead-lettered (kind_unknown) if it comes there`;
    case 'rate_limited':
      return `the rate limit of queue ${queue} lets no job start for another ${spokenDuration(obstacle.forMs)}`;
    case 'queue_full':
      return `queue ${queue} runs as many jobs as it may, ${obstacle.most}`;
    case 'no_slot':
      return 'every slot is taken: `bulwark worker ls`';
    case 'no_lane':
      return 'no worker has a lane to run it alone: those of `bulwark worker run` and `bulwark up` have';
    case 'lanes_busy':
      return `${counted(obstacle.lanes, 'lane is', 'lanes are')} taken by other suspects`;
    case 'no_leader':
      return 'no supervisor leads: `bulwark supervisor run`';
    case 'breaker':
      return `the breaker ${obstacle.breaker.name} is ${describeBreaker(obstacle.breaker, now)}: \`bulwark breaker show ${obstacle.breaker.name}\``;
    case 'will_fail':
      return `it was called off: whoever takes it fails it (${shortened(obstacle.message, 200)})`;
    default:
      return assertNever(obstacle);
  }
}

function spokenIdle(idle: Readonly<Record<string, number>>): string {
  const words = Object.entries(idle).map(([state, count]) => `${count} ${state}`);
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}
