import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { DependencyAnswer, DependencyQuestion, Manner, ReceivedCall } from '../peers/dependency-server.js';
import { startProgram } from '../runs/programs.js';

/** Somebody outside whom jobs call, in a process of its own: it answers, hangs or refuses as it is told, and remembers every call. */
export class FailingDependency {
  readonly #process: ChildProcess;
  readonly url: string;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  static async start(): Promise<FailingDependency> {
    let url = '';
    const process = await startProgram<DependencyAnswer>('dependency-server', [], (said) => {
      if (said.event === 'listens') url = said.url;
    });
    return new FailingDependency(process, url);
  }

  /** From now on it is so; answers since when, in ms since the epoch. */
  async become(manner: Manner): Promise<number> {
    return (await this.#ask({ ask: 'become', manner }, 'became')).at;
  }

  /** All calls that have reached it, in their order. */
  async calls(): Promise<readonly ReceivedCall[]> {
    return (await this.#ask({ ask: 'calls' }, 'calls')).calls;
  }

  end(): void {
    this.#process.kill('SIGKILL');
  }

  async #ask<E extends DependencyAnswer['event']>(
    question: DependencyQuestion,
    event: E,
  ): Promise<Extract<DependencyAnswer, { event: E }>> {
    const answered = once(this.#process, 'message') as Promise<[DependencyAnswer]>;
    this.#process.send(question);
    const [answer] = await answered;
    if (answer.event !== event)
      throw new Error(`the dependency was asked to ${question.ask}, and said ${answer.event}`);
    return answer as Extract<DependencyAnswer, { event: E }>;
  }
}
