import { BulwarkError } from '../errors/bulwark-error.js';
import { sortOf } from '../errors/option-faults.js';
import { nearestWord } from '../errors/suggestion.js';
import type { AnyJobDefinition } from './define-job.js';
import type { QueueDefinition } from './define-queue.js';
import { DefinitionError } from './definition-error.js';

/** Thrown when no definition is registered for a kind here. Another worker may know it. */
export class UnknownKindError extends BulwarkError {
  readonly code = 'BULWARK_KIND_UNKNOWN';
  readonly retryable = false;

  constructor(kind: string, known: readonly string[]) {
    const near = nearestWord(kind, known);
    super(
      `unknown kind ${JSON.stringify(kind)}; known kinds: ${known.join(', ') || '(none)'}${near ? `; did you mean ${near}?` : ''}`,
      { details: { kind, known } },
    );
  }
}

/** The kinds of job a process knows, by name, and the queues they live in. */
export class KindRegistry {
  readonly #jobs = new Map<string, AnyJobDefinition>();
  readonly #queues = new Map<string, QueueDefinition>();

  /** @throws DefinitionError when something is no definition of a job, two jobs share a kind, or two queues a name but not their policy. */
  constructor(jobs: Iterable<AnyJobDefinition>) {
    for (const job of jobs) {
      assertDefinition(job);
      if (this.#jobs.has(job.kind))
        throw new DefinitionError(`two jobs are defined with the kind ${job.kind}; a kind names one`);
      const queue = this.#queues.get(job.queue.name);
      if (queue && !isSamePolicy(queue, job.queue)) {
        throw new DefinitionError(
          `queue ${queue.name} is defined twice with different policies; share one defineQueue`,
        );
      }
      this.#jobs.set(job.kind, job);
      this.#queues.set(job.queue.name, job.queue);
    }
  }

  get(kind: string): AnyJobDefinition | undefined {
    return this.#jobs.get(kind);
  }

  /** @throws UnknownKindError naming the known kinds. */
  require(kind: string): AnyJobDefinition {
    const job = this.#jobs.get(kind);
    if (!job) throw new UnknownKindError(kind, this.kinds);
    return job;
  }

  get kinds(): string[] {
    return [...this.#jobs.keys()].sort();
  }

  get jobs(): AnyJobDefinition[] {
    return [...this.#jobs.values()];
  }

  get queues(): QueueDefinition[] {
    return [...this.#queues.values()];
  }
}

/** Judged by shape: the definition may come from another copy of the package. */
function assertDefinition(job: Partial<AnyJobDefinition> | null | undefined): void {
  if (typeof job?.kind === 'string' && typeof job.run === 'function' && typeof job.queue?.name === 'string') return;
  throw new DefinitionError(`a job must be what defineJob returned, got ${sortOf(job)}`);
}

function isSamePolicy(one: QueueDefinition, other: QueueDefinition): boolean {
  return (
    one.criticality === other.criticality &&
    one.sloMs === other.sloMs &&
    one.group === other.group &&
    one.maxWaiting === other.maxWaiting
  );
}
