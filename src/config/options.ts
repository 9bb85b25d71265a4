import { maskUrl } from './mask-url.js';
import { bytes, choice, duration, flag, integer, integerOrOff, list, type Option, orOff, text } from './option.js';

/**
 * Every option of Bulwark. Types, validation, the names of environment variables, `docs/reference/config.md` and
 * `bulwark config print` all come from this table; after a change run `npm run docs`.
 *
 * A default has its reason in the doc sentence: which mistake is worse, too little or too much. Lower limits leave room for
 * tests that cannot wait for production's pace.
 */
export const optionTable = {
  redis: {
    url: text({
      default: 'redis://127.0.0.1:6379',
      expected: 'an address that begins with redis://, rediss:// or unix:',
      accepts: isRedisUrl,
      mask: maskUrl,
      otherVariables: ['REDIS_URL'],
      doc: 'Where Redis is. Everything Bulwark knows lies there: two pools on different addresses know nothing of each other. A password in it is never shown.',
    }),
    sentinels: list({
      default: [],
      entries: 'sentinels, each as host:port',
      accepts: isHostAndPort,
      doc: 'The sentinels that know which Redis is the master. With them the address gives user, password, database and TLS only, and every process follows a failover by itself. Empty: the address is where Redis is. Too few: when those fail, nobody finds the master.',
    }),
    sentinelName: text({
      default: '',
      expected: 'the name of a master, without spaces',
      accepts: (name) => /^\S*$/.test(name),
      doc: 'What the sentinels call the master: the word behind `sentinel monitor` in their configuration.',
    }),
    sentinelPassword: text({
      default: '',
      expected: 'a password',
      accepts: () => true,
      mask: (password) => (password === '' ? '' : '***'),
      doc: 'The password of the sentinels themselves, where they ask for one; that of Redis stands in the address.',
    }),
    namespace: text({
      default: 'bulwark',
      expected: 'lower-case letters, digits and dashes, at most 63, the first no dash',
      accepts: (name) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(name),
      doc: 'What all keys begin with. Pools that share a Redis and not their jobs need one each; changing it leaves the jobs behind that wait under the old one.',
    }),
    connectTimeoutMs: duration({
      default: '4s',
      min: '100ms',
      max: '1m',
      doc: 'How long the first connection may take before a process gives up and exits. Too short: a Redis that starts at the same time is missed. Too long: a wrong address is noticed late.',
    }),
    commandTimeoutMs: duration({
      default: '5s',
      min: '100ms',
      max: '5m',
      doc: 'How long a producer or the CLI waits for one answer of Redis. Too short: a busy Redis looks dead, and an enqueue that reports an error may still have happened. Too long: callers hang with Redis.',
    }),
    reconnectCapMs: duration({
      default: '500ms',
      min: '10ms',
      max: '1m',
      doc: 'Longest pause between two attempts to reconnect. Too short: a large fleet crowds a Redis that is coming back. Too long: work stands still although Redis is back.',
    }),
    allowEviction: flag({
      default: false,
      doc: 'Run although the maxmemory-policy of Redis is not noeviction. With another policy Redis deletes jobs when memory is short, and nobody is told.',
    }),
  },
  job: {
    maxPayloadBytes: bytes({
      default: '1MiB',
      min: '1KiB',
      max: '64MiB',
      doc: 'Largest payload, as JSON, that is accepted. Too small: honest jobs are refused. Too large: a few jobs fill the memory of Redis and hold up every command behind them; store the large part elsewhere and enqueue a reference.',
    }),
    maxResultBytes: bytes({
      default: '64KiB',
      min: '1KiB',
      max: '64MiB',
      doc: 'Largest result, as JSON, that is kept with a completed job. Too small: callers who wait for the answer miss it. Too large: completed jobs fill the memory of Redis.',
    }),
    maxStepBytes: bytes({
      default: '64KiB',
      min: '1KiB',
      max: '16MiB',
      doc: 'Largest result of one durable step, as JSON. Too small: a step whose work is done fails its job. Too large: every result lies in the memory of Redis for as long as its job does; store it elsewhere and keep a reference.',
    }),
    maxStepsBytes: bytes({
      default: '512KiB',
      min: '1KiB',
      max: '64MiB',
      doc: 'What a job can remember of all its durable steps. Too small: a step whose work is done fails its job. Too large: Redis serves nobody else while it hands a large memory to a job that runs again.',
    }),
    maxErrorBytes: bytes({
      default: '2KiB',
      min: '128B',
      max: '64KiB',
      doc: 'Longest error message that is kept per attempt; the rest is cut off. Too small: the cause is cut off. Too large: an error that quotes its input is stored again with every attempt.',
    }),
    maxStackBytes: bytes({
      default: '4KiB',
      min: '128B',
      max: '256KiB',
      doc: 'Longest stack trace that is kept of a failed job; the rest is cut off. Too small: the lines of your own code may be missing. Too large: dead letters fill the memory of Redis.',
    }),
    keepCompletedMs: duration({
      default: '1h',
      min: '1s',
      max: '90d',
      doc: 'How long a completed job can still be looked at. Too short: whoever waits for its result may find it gone. Too long: memory of Redis.',
    }),
    keepCompletedCount: integer({
      default: 10_000,
      min: 1,
      max: 1_000_000,
      doc: 'How many completed jobs a queue keeps at most, whatever their age. Too few: under load results are gone within seconds. Too many: memory of Redis.',
    }),
    keepKeysMs: duration({
      default: '24h',
      min: '1m',
      max: '90d',
      doc: 'How long an idempotency key is remembered after its job has started or ended, with the result. Too short: a producer that tries again later has the work done twice. Too long: memory of Redis, some hundred bytes and the result per key.',
    }),
    keepAttempts: integer({
      default: 20,
      min: 1,
      max: 200,
      doc: 'How many attempts the history of a job keeps; the oldest give way. Too few: the first failure, often the telling one, is lost. Too many: jobs that fail for days grow large.',
    }),
    retryBudget: orOff(
      integer({
        default: 100,
        min: 1,
        max: 1_000_000,
        doc: 'How many retries a queue may run at once beyond what new jobs bring in, for each dependency that makes its jobs fail; what exceeds it is postponed. false: any number. Too few: jobs wait after a short trouble. Too many: a dependency that fails is called much more often than one that works, and stays down. Give every worker the same.',
      }),
    ),
    retryBudgetPercent: integer({
      default: 20,
      min: 0,
      max: 1000,
      doc: 'How many retries a hundred first attempts bring into the budget. Too few: jobs wait although their dependency fails little. Too many: the calls that a failing dependency gets are multiplied.',
    }),
    retryBudgetPerSecond: integer({
      default: 1,
      min: 1,
      max: 100_000,
      doc: 'How many retries a second brings into the budget, for queues with little traffic. Too few: when few new jobs come, those that failed come back one by one for long. Too many: a failing dependency is called as often by a queue that has nothing else to do.',
    }),
    newerVersionDelayMs: duration({
      default: '5s',
      min: '100ms',
      max: '1h',
      doc: 'How long a job waits that a worker put back because its payload is newer than the worker knows. Too short: during a roll-out old workers pass such jobs around. Too long: jobs wait although new workers are there.',
    }),
  },
  producer: {
    batchSize: integer({
      default: 250,
      min: 1,
      max: 5000,
      doc: 'How many jobs go to Redis in one round trip. Too few: enqueuing many is slow. Too many: Redis serves nobody else while it adds them.',
    }),
    shedWaitMs: duration({
      default: '30s',
      min: '100ms',
      max: '10m',
      doc: "How long an enqueue with `whenShed: 'wait'` waits at most until its queue takes jobs again. Too short: callers fail in an overload that would have passed. Too long: they pile up in the producer instead.",
    }),
  },
  worker: {
    concurrency: integer({
      default: 10,
      min: 1,
      max: 1000,
      doc: 'How many jobs of one queue a worker runs at the same time. Too few: slots idle on slow calls. Too many: handlers compete for one event loop, and all of them get slow.',
    }),
    minConcurrency: integer({
      default: 1,
      min: 1,
      max: 1000,
      doc: 'How many jobs of one queue a worker runs at once at least, when it finds the number itself. Too few: while a dependency is slow little of it is tried. Too many: a dependency that can do less is pressed on.',
    }),
    maxConcurrency: integerOrOff({
      min: 1,
      max: 1000,
      doc: 'Up to how many jobs of one queue a worker may run at once: it begins with worker.concurrency and finds the number that gets the most done. false: it runs worker.concurrency, whatever comes. Four times that is a good bound. Too many: while it finds out, a dependency gets as many calls.',
    }),
    prefetch: flag({
      default: true,
      doc: 'Have one job more in hand than run at once, while jobs are short (2 ms) and more wait, so that a slot is not idle until Redis has answered. false: a job is taken only when a slot is free and the end of the one before is in Redis, at half of the speed for short jobs of a worker with a single slot.',
    }),
    leaseMs: duration({
      default: '15s',
      min: '100ms',
      max: '1h',
      doc: 'How long a worker owns a job without renewing. Too short: a healthy job is run twice when its worker or the network pauses. Too long: a job whose worker vanished unnoticed waits this long.',
    }),
    leaseRenewMs: duration({
      default: '5s',
      min: '30ms',
      max: '20m',
      doc: 'How often the leases of running jobs are renewed. Too short: commands for nothing. Too long: one lost renewal costs the lease.',
    }),
    drainTimeoutMs: duration({
      default: '20s',
      min: 0,
      max: '1h',
      doc: 'How long running jobs may go on after the worker was asked to stop. Too short: jobs are interrupted and run again elsewhere. Too long: the orchestrator kills the worker first; most give 30 seconds, and a worker whose Redis is away needs up to 7 after this one.',
    }),
    abortGraceMs: duration({
      default: '2s',
      min: 0,
      max: '5m',
      doc: 'How long handlers have to react to their aborted signal before their job is given back. Too short: tidy handlers are cut off. Too long: a handler that ignores its signal holds up the stop.',
    }),
    beatMs: duration({
      default: '1s',
      min: '50ms',
      max: '1m',
      doc: 'How often a worker tells that it lives and what it does. Too short: commands for nothing. Too long: the supervisor decides on old evidence.',
    }),
    blockedMaxMs: duration({
      default: '5m',
      min: '100ms',
      max: '24h',
      doc: 'For how long the guard keeps the leases of a worker whose event loop is blocked. Too short: a long computation is run twice. Too long: a handler that never returns keeps its job and its neighbours. After it the process of `bulwark worker run` is killed, and its jobs run again elsewhere.',
    }),
    fetchBlockMs: duration({
      default: '10s',
      min: '1s',
      max: '10s',
      doc: 'How long an idle worker waits in one blocking fetch. Too short: idle workers keep Redis busy. Too long: a connection that died silently is noticed late.',
    }),
    jobs: list({
      default: [],
      entries: 'files or folders with compiled job definitions',
      doc: 'Files or folders with compiled job definitions. Empty: the kinds that ship with Bulwark. A job whose kind no worker knows ends among the dead letters.',
    }),
  },
  supervisor: {
    leaseMs: duration({
      default: '2s',
      min: '100ms',
      max: '1m',
      doc: 'How long the leader leads without renewing. Too short: leaders change when Redis or a process pauses. Too long: nobody leads for as long after a crash.',
    }),
    renewMs: duration({
      default: '500ms',
      min: '30ms',
      max: '20s',
      doc: 'How often the leader renews and the standbys try. Too short: commands for nothing. Too long: one lost renewal costs the lead.',
    }),
    sampleMs: duration({
      default: '1s',
      min: '50ms',
      max: '1m',
      doc: 'How often the leader counts every queue. Too short: load on Redis that grows with the number of queues. Too long: dashboards and decisions lag behind.',
    }),
    scaleDownAfterMs: duration({
      default: '1m',
      min: '1s',
      max: '1h',
      doc: 'For how long fewer workers must be needed before fewer are wanted. Too short: workers are stopped between two waves and started again. Too long: workers that nobody needs are paid for.',
    }),
    deadAfterMs: duration({
      default: '5s',
      min: '150ms',
      max: '10m',
      doc: 'After how long a silence a worker counts as dead. Too short: a pause is taken for death. Too long: its jobs wait.',
    }),
    sweepMs: duration({
      default: '500ms',
      min: '50ms',
      max: '10m',
      doc: 'How often the leader looks for running jobs that nobody owns and puts them back. Too short: load on Redis. Too long: such jobs wait: with this and the five seconds of silence they run again within six.',
    }),
    censusMs: duration({
      default: '5s',
      min: '50ms',
      max: '1h',
      doc: 'How often the leader looks at another thousand keys of Redis for jobs that are in no place or in several. Too short: load on Redis. Too long: such a job, of which there should be none, waits.',
    }),
    watchMs: duration({
      default: '150ms',
      min: '50ms',
      max: '10m',
      doc: 'How often the leader looks whether the connections of all workers still stand, to notice at once that a process is gone. Too short: load on Redis. Too long: the jobs of a killed worker wait.',
    }),
    quarantineAfter: integer({
      default: 2,
      min: 1,
      max: 20,
      doc: 'After how many losses of its worker a job runs alone in a process of its own, where the kinds of its pool allow it. Too few: jobs that were there by chance wait for a lane. Too many: a poison job takes its neighbours down as often.',
    }),
    poisonAfter: integer({
      default: 3,
      min: 1,
      max: 20,
      doc: 'How many workers a job may take down before it is dead-lettered as poison. Too few: a job that ran by chance on a dying worker is condemned. Too many: a poison job kills as many workers.',
    }),
    crashWindowMs: duration({
      default: '24h',
      min: '1s',
      max: '30d',
      doc: 'For how long the loss of its worker counts against a job. Too short: a job that crashes now and then is never found. Too long: a job that runs for days is blamed for every restart of its host.',
    }),
    quarantineMs: duration({
      default: '1m',
      min: '100ms',
      max: '1h',
      doc: 'How long a suspect waits for a process of its own before it runs among others again; doubles with each further loss. Where no worker has a lane, suspects wait only to be apart from each other the first two times. Too short: no lane has had its turn. Too long: where lanes are few, innocent suspects wait.',
    }),
    boardToken: text({
      default: '',
      expected: 'a secret of 16 to 200 characters without spaces, or empty',
      accepts: (token) => token === '' || /^[\x21-\x7e]{16,200}$/.test(token),
      mask: (token) => (token === '' ? '' : '***'),
      doc: 'Who has it may browse all jobs at /board on the port of a supervisor process, read-only; empty: there is no board. Give all supervisors the same. A short or shared one opens what jobs hold to whoever reaches the port.',
    }),
    boardPayloads: choice({
      choices: ['hidden', 'redacted'],
      default: 'hidden',
      doc: 'What the board shows of payloads, results and progress: nothing, or everything but fields that are named like secrets. Personal data and secrets under other names are shown then.',
    }),
    bullmqMetrics: flag({
      default: false,
      doc: 'Export the counts of jobs once more as bullmq_job_count, as BullMQ itself does, so that dashboards made for it go on working. Nine more series for each queue.',
    }),
  },
  deadLetter: {
    keepMs: orOff(
      duration({
        default: '90d',
        min: '100ms',
        max: '3650d',
        doc: 'How long a dead letter is kept; false: for ever. Too short: work that nobody has looked at is gone for good. Too long: memory of Redis, and payloads kept beyond what privacy allows.',
      }),
    ),
    keepCount: orOff(
      integer({
        default: 100_000,
        min: 1,
        max: 100_000_000,
        doc: 'How many dead letters a queue keeps at most; the oldest are dropped first; false: any number. Too few: one bad hour drops the letters of the last one. Too many: a broken release fills the memory of Redis, and then nothing can be enqueued at all.',
      }),
    ),
    sweepMs: duration({
      default: '1m',
      min: '50ms',
      max: '24h',
      doc: 'How often the leader looks for dead letters to drop, at most ten thousand of a queue at a time. Too short: load on Redis for nothing. Too long: more letters than wanted until then.',
    }),
  },
  http: {
    enabled: flag({
      default: true,
      doc: 'Serve /metrics, /livez and /readyz. Without them an orchestrator and Prometheus see nothing of the process.',
    }),
    host: text({
      default: '127.0.0.1',
      expected: 'a host name or an IP address, without scheme, port or path',
      accepts: (host) => /^[^\s/]+$/.test(host) && !/^[^:]*:\d+$/.test(host),
      doc: 'Address to listen on. The default is reached from this machine alone; in a container it must be 0.0.0.0, or the probes fail. The endpoints ask for no password: do not open them to the world.',
    }),
    port: integer({
      default: 9464,
      min: 0,
      max: 65_535,
      doc: 'Port to listen on; 0 takes any free one, and the log says which. A fixed one serves one process: another on the same machine needs another port.',
    }),
  },
  log: {
    level: choice({
      choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
      default: 'info',
      doc: 'The least important log line that is written. trace and debug write several lines per job and slow a busy worker; from error on, retries and lost leases go unseen.',
    }),
    format: choice({
      choices: ['auto', 'json', 'pretty'],
      default: 'auto',
      doc: 'How log lines look: json for machines, pretty for people, auto is pretty on a terminal and json elsewhere. pretty where machines read makes every line unreadable to them.',
    }),
  },
  pool: {
    workers: integer({
      default: 2,
      min: 1,
      max: 256,
      doc: 'How many worker processes the keeper runs. One: while it restarts nothing runs. More than cores: they compete, unless their jobs wait for others most of the time.',
    }),
    minWorkers: integer({
      default: 1,
      min: 1,
      max: 256,
      doc: 'How many worker processes the keeper keeps at least, and starts with, when it follows what the leader wants. Too few: the first jobs of a rush wait for a process to start.',
    }),
    maxWorkers: integerOrOff({
      min: 1,
      max: 256,
      doc: 'How many worker processes the keeper runs at most when it follows what the leader wants; false: it keeps pool.workers, whatever comes. Too many: they compete for the cores and the memory of this machine.',
    }),
    dataDir: text({
      default: '.bulwark',
      expected: 'the path of a folder',
      accepts: (path) => path !== '' && !path.includes('\0'),
      doc: 'Folder for what the pool writes on this machine, among it the data of a Redis it started itself. In a folder that does not survive a restart, the jobs of that Redis do not either.',
    }),
    restartBaseMs: duration({
      default: '1s',
      min: '10ms',
      max: '10m',
      doc: 'Pause before a dead child is started again; it doubles with each further death. Too short: a child that cannot start burns a core. Too long: a single crash leaves a gap.',
    }),
    restartCapMs: duration({
      default: '1m',
      min: '10ms',
      max: '1h',
      doc: 'Longest pause before a dead child is started again. Too short: a child that cannot start floods the log. Too long: after a repair the pool comes back late.',
    }),
    killGraceMs: duration({
      default: '30s',
      min: '100ms',
      max: '2h',
      doc: 'How long the keeper waits for a child to drain before it sends SIGKILL. Leave 8 seconds beyond the drain: giving jobs back takes its time while Redis is away. Too short: jobs lose their worker in the middle. Too long: a stuck child holds up the stop.',
    }),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Option>>>>;

export type OptionTable = typeof optionTable;

/** A group of options, one per part of Bulwark. */
export type Section = keyof OptionTable;

/** What each section is for. */
export const sectionDocs: Readonly<Record<Section, string>> = {
  redis: 'How every process reaches Redis.',
  job: 'What is accepted and kept of a job.',
  producer: 'How jobs are enqueued.',
  worker: 'How a worker runs jobs, holds on to them and stops.',
  supervisor: 'How the supervisor leads, watches and repairs.',
  deadLetter:
    'How long dead letters are kept. The leader drops what is older, or too much: counted, logged and written to the audit stream.',
  http: 'Metrics and health of a worker or supervisor.',
  log: 'What is logged and how.',
  pool: 'How the keeper runs the processes of one machine: `bulwark up`, and `bulwark worker run --processes`.',
};

/** The full name of an option: `'worker.leaseMs'`. */
export type OptionPath = { [S in Section]: `${S}.${keyof OptionTable[S] & string}` }[Section];

/** A rule between two options. */
export type Relation = Comparison | Requirement;

interface RelationBase {
  readonly option: OptionPath;
  readonly other: OptionPath;
  /** What the rule is good for, in words that follow "so that". */
  readonly why: string;
}

export interface Comparison extends RelationBase {
  readonly rule: 'at least' | 'below';
  /** `option` is compared with so many times `other`. */
  readonly times: number;
}

/** Where `option` is given, `other` must be too. */
export interface Requirement extends RelationBase {
  readonly rule: 'needs';
}

export const relations: readonly Relation[] = [
  {
    option: 'redis.sentinels',
    rule: 'needs',
    other: 'redis.sentinelName',
    why: 'the sentinels know which master is meant',
  },
  {
    option: 'redis.sentinelName',
    rule: 'needs',
    other: 'redis.sentinels',
    why: 'there is somebody to ask for the master',
  },
  {
    option: 'redis.sentinelPassword',
    rule: 'needs',
    other: 'redis.sentinels',
    why: 'there is somebody to tell it',
  },
  {
    option: 'worker.concurrency',
    rule: 'at least',
    times: 1,
    other: 'worker.minConcurrency',
    why: 'what a worker begins with is within its bounds',
  },
  {
    option: 'worker.maxConcurrency',
    rule: 'at least',
    times: 1,
    other: 'worker.concurrency',
    why: 'what a worker begins with is within its bounds',
  },
  {
    option: 'worker.leaseMs',
    rule: 'at least',
    times: 3,
    other: 'worker.leaseRenewMs',
    why: 'two renewals in a row may fail without costing the lease',
  },
  {
    option: 'worker.drainTimeoutMs',
    rule: 'below',
    times: 1,
    other: 'pool.killGraceMs',
    why: 'a worker has given its jobs back before the keeper kills it',
  },
  {
    option: 'supervisor.leaseMs',
    rule: 'at least',
    times: 3,
    other: 'supervisor.renewMs',
    why: 'two renewals in a row may fail without costing the lead',
  },
  {
    option: 'supervisor.deadAfterMs',
    rule: 'at least',
    times: 5,
    other: 'worker.beatMs',
    why: 'one late heartbeat is no death, and the guard of a blocked worker beats within four',
  },
  {
    option: 'pool.maxWorkers',
    rule: 'at least',
    times: 1,
    other: 'pool.minWorkers',
    why: 'there is a number between them',
  },
  {
    option: 'pool.restartCapMs',
    rule: 'at least',
    times: 1,
    other: 'pool.restartBaseMs',
    why: 'the first pause is not longer than the longest',
  },
];

/** A host name or address, an IPv6 one in brackets, and a port. */
function isHostAndPort(text: string): boolean {
  return /^([\w.-]+|\[[\da-f:.]+\]):\d{1,5}$/i.test(text) && URL.canParse(`redis://${text}`);
}

/** The scheme decides how ioredis connects; without one it would take a path for a host. */
function isRedisUrl(url: string): boolean {
  return /^rediss?:\/\//i.test(url) ? URL.canParse(url) && new URL(url).hostname !== '' : /^unix:\/*[^/]/i.test(url);
}
