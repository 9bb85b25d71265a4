import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ProfileAsk } from './peers/answering.js';
import type { FunctionShare } from './peers/cpu-profile.js';
import type { ProducerAnswers, ProducerQuestion } from './peers/producer.js';
import type { Pace, Subject } from './peers/subject.js';
import type { WorkerAnswers, WorkerQuestion } from './peers/worker.js';
import { readProcess } from './process-figures.js';

/** A process of a subject under measurement, with which the proof talks. */
interface PeerProcess<Question extends { readonly ask: keyof Answers }, Answers> {
  /** Rejects when the process ends instead. One question at a time. */
  ask<Q extends Question>(question: Q): Promise<Answers[Q['ask']]>;
  cpuSeconds(): number;
  /** Lets it watch itself; what is returned ends that and tells on which functions the time went. */
  startProfile(): Promise<() => Promise<readonly FunctionShare[]>>;
  /** Ends it at once: nothing of it is needed any more. */
  end(): Promise<void>;
}

export type PeerWorker = PeerProcess<WorkerQuestion, WorkerAnswers>;
export type PeerProducer = PeerProcess<ProducerQuestion, ProducerAnswers>;

interface Manner {
  /** What else stands in its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

interface WorkerManner extends Manner {
  readonly pace?: Pace;
}

interface ProducerManner extends Manner {
  readonly keyed?: boolean;
}

/** Starts a process with one worker of a subject; it takes jobs when this returns. */
export function startWorker(
  subject: Subject,
  url: string,
  concurrency: number,
  { pace, env }: WorkerManner = {},
): Promise<PeerWorker> {
  return startPeer('worker', [subject, url, String(concurrency), ...(pace ? [JSON.stringify(pace)] : [])], env);
}

/** Starts a process with one producer of a subject, connected. `keyed`: Bulwark's jobs have idempotency keys. */
export function startProducer(
  subject: Subject,
  url: string,
  { keyed, env }: ProducerManner = {},
): Promise<PeerProducer> {
  return startPeer('producer', [subject, url, ...(keyed ? ['keyed'] : [])], env);
}

async function startPeer<Question extends { readonly ask: keyof Answers }, Answers>(
  role: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<PeerProcess<Question, Answers>> {
  const program = fileURLToPath(new URL(`./peers/${role}.js`, import.meta.url));
  // What it logs is part of its work, and nobody reads it here.
  const child = fork(program, args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  });
  const ended = new AbortController();
  child.once('exit', (code, signal) => ended.abort(new Error(`the ${args[0]} ${role} ended (${code ?? signal})`)));
  const nextMessage = async (): Promise<unknown> => {
    try {
      const [message] = await once(child, 'message', { signal: ended.signal });
      return message;
    } catch {
      throw ended.signal.reason;
    }
  };
  await nextMessage();
  const ask = (question: { readonly ask: keyof Answers | ProfileAsk }): Promise<unknown> => {
    const answer = nextMessage();
    child.send(question);
    return answer;
  };
  return {
    ask: (question) => ask(question) as Promise<never>,
    startProfile: async () => {
      await ask({ ask: 'start-profile' });
      return async () => (await ask({ ask: 'end-profile' })) as readonly FunctionShare[];
    },
    cpuSeconds: () => readProcess(child.pid ?? -1).cpuSeconds,
    end: async () => {
      if (ended.signal.aborted) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
