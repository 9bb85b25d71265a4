import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PeerProducer, startProducer } from '../peer-process.js';
import type { JobEvent } from '../peers/mortal-worker.js';
import { micros } from '../peers/order.js';
import type { Recovery, Subject } from '../peers/subject.js';
import { startProgram } from './programs.js';

/** Four workers with work to do, of which two are killed again and again. */
export interface KillPlan {
  readonly kills: number;
  readonly concurrency: number;
  /** How long the jobs of a killed worker are waited for. */
  readonly patienceMs: number;
  /** How plain BullMQ looks for lost jobs; its defaults when left out. */
  readonly recovery?: Recovery;
  /** Where the machine is full, a worker is replaced when the jobs of the one before run again: its start would slow down what is measured. */
  readonly replaceLater?: true;
}

export interface Deaths {
  /** By job that ran in a worker when it was killed: ms from the kill to the job's next start. */
  readonly recoveryMs: readonly number[];
  /** Jobs that were accepted and never ran to their end. */
  readonly lost: number;
}

/** What a proof may do around the kills. */
export interface KillHooks {
  /** All are there and nobody has been killed; with the process of the supervisor, where there is one. */
  before?(supervisor: number | undefined): Promise<void>;
  after?(supervisor: number | undefined): Promise<void>;
}

const crewSize = 4;
const mortal = 2;
/** So many jobs wait at any time, so that nobody is idle. */
const backlog = 100;

interface CrewMember {
  readonly process: ChildProcess;
  /** The jobs it runs: it has told of their start and not of their end. */
  readonly running: Set<number>;
}

/** Kills workers at random moments and measures when their jobs run again. */
export async function countDeaths(
  subject: Subject,
  plan: KillPlan,
  url: string,
  say: (line: string) => void,
  hooks: KillHooks = {},
): Promise<Deaths> {
  const crew = new Crew(subject, plan, url);
  await crew.start();
  try {
    await hooks.before?.(crew.supervisor);
    const recoveryMs: number[] = [];
    for (let kill = 1; kill <= plan.kills; kill++) {
      await crew.topUp();
      await sleep(200 + 500 * Math.random());
      const times = await crew.kill(kill % mortal);
      recoveryMs.push(...times);
      say(
        `${subject}, kill ${kill} of ${plan.kills}: ${times.length} jobs ran again after at most ${Math.round(Math.max(0, ...times))} ms`,
      );
    }
    await hooks.after?.(crew.supervisor);
    return { recoveryMs, lost: await crew.countLost() };
  } finally {
    await crew.end();
  }
}

class Crew {
  readonly #subject: Subject;
  readonly #plan: KillPlan;
  readonly #url: string;
  readonly #members: CrewMember[] = [];
  readonly #ended = new Set<number>();
  readonly #waiting = new Map<number, (startedAt: number) => void>();
  #supervisor: ChildProcess | undefined;
  #producer: PeerProducer | undefined;
  readonly #begun = new Set<number>();
  #accepted = 0;

  constructor(subject: Subject, plan: KillPlan, url: string) {
    this.#subject = subject;
    this.#plan = plan;
    this.#url = url;
  }

  async start(): Promise<void> {
    if (this.#subject === 'bulwark') this.#supervisor = await startProgram('bulwark-supervisor', [this.#url]);
    this.#producer = await startProducer(this.#subject, this.#url);
    await Promise.all(Array.from({ length: crewSize }, (_, place) => this.#join(place)));
  }

  get supervisor(): number | undefined {
    return this.#supervisor?.pid;
  }

  /** Sees to it that enough jobs wait. */
  async topUp(): Promise<void> {
    const count = backlog - (this.#accepted - this.#begun.size);
    if (count <= 0) return;
    await this.#producer?.ask({ ask: 'enqueue', from: this.#accepted, count, bytes: 1_024, batch: count, lanes: 1 });
    this.#accepted += count;
  }

  /** Kills one worker and puts another in its place. Answers when each of its jobs ran again, in ms from the kill. */
  async kill(place: number): Promise<number[]> {
    const victim = this.#members[place];
    if (!victim) throw new RangeError(`there is no worker ${place}`);
    // All that it tells is read before its channel closes.
    const gone = Promise.all([once(victim.process, 'exit'), once(victim.process, 'disconnect')]);
    const killedAt = micros();
    victim.process.kill('SIGKILL');
    await gone;
    const { patienceMs } = this.#plan;
    const late = sleep(patienceMs, killedAt + patienceMs * 1_000, { ref: false });
    const again = [...victim.running].map((number) => {
      const started = new Promise<number>((resolve) => {
        this.#waiting.set(number, resolve);
      });
      return Promise.race([started, late]);
    });
    const replaced = this.#plan.replaceLater ? Promise.all(again).then(() => this.#join(place)) : this.#join(place);
    const [times] = await Promise.all([Promise.all(again), replaced]);
    this.#waiting.clear();
    return times.map((startedAt) => (startedAt - killedAt) / 1_000);
  }

  /** Waits for all that was accepted to end. */
  async countLost(): Promise<number> {
    const patience = Date.now() + this.#plan.patienceMs + 10_000;
    while (this.#ended.size < this.#accepted && Date.now() < patience) await sleep(50);
    return this.#accepted - this.#ended.size;
  }

  async end(): Promise<void> {
    for (const { process } of this.#members) process.kill('SIGKILL');
    this.#supervisor?.kill('SIGKILL');
    await this.#producer?.end();
  }

  async #join(place: number): Promise<void> {
    const { concurrency, recovery } = this.#plan;
    const settings = recovery === undefined ? [] : [JSON.stringify(recovery)];
    const running = new Set<number>();
    const process = await startProgram(
      'mortal-worker',
      [this.#subject, this.#url, String(concurrency), ...settings],
      (event: JobEvent) => this.#heard(running, event),
    );
    this.#members[place] = { process, running };
  }

  #heard(running: Set<number>, { event, number, at }: JobEvent): void {
    if (event === 'ended') {
      running.delete(number);
      this.#ended.add(number);
      return;
    }
    running.add(number);
    this.#begun.add(number);
    this.#waiting.get(number)?.(at);
  }
}
