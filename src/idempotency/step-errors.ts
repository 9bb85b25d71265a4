import { BulwarkError } from '../errors/bulwark-error.js';

/** So many names stand in a message; the details have all of them. */
const shownNames = 5;

/** Thrown by `ctx.step` when a run asks twice for a step of the same name. A mistake in code: nothing was run the second time. */
export class StepNameTakenError extends BulwarkError {
  readonly code = 'BULWARK_STEP_NAME_TAKEN';
  readonly retryable = false;
  readonly errorClass = 'permanent';

  constructor(jobId: string, step: string) {
    super(
      `this run of job ${jobId} has asked for the step '${step}' before; what a step has done is found by its name, so give each one a name of its own, such as '${step}-2'`,
      { details: { jobId, step } },
    );
  }
}

/**
 * Thrown by `ctx.step` instead of running a step that is new, when steps of earlier runs have no place in this one any more: a step that
 * got another name would do its work again. The job is tried again, so that a worker with the old code, or a repaired one, can finish it.
 */
export class StepsChangedError extends BulwarkError {
  readonly code = 'BULWARK_STEPS_CHANGED';
  readonly retryable = true;

  constructor(jobId: string, step: string, missing: readonly string[]) {
    super(
      `the step '${step}' was not run: no earlier run of job ${jobId} has heard of it, while ${quoted(missing)} ${missing.length === 1 ? 'was done or begun before and is' : 'were done or begun before and are'} not asked for any more. The code has changed since, asks for its steps in an order that is not the same in every run, or for one inside of another. Keep the names and the order of steps that jobs under way may have done; new ones come after them`,
      { details: { jobId, step, missing } },
    );
  }
}

/** Thrown by `ctx.step` when the step has succeeded and its result cannot be kept. The same code would end there again. */
export class StepResultError extends BulwarkError {
  readonly code = 'BULWARK_STEP_RESULT_INVALID';
  readonly retryable = false;
  readonly errorClass = 'permanent';

  constructor(step: string, why: string, options: { readonly cause?: unknown } = {}) {
    super(
      `the step '${step}' has done its work, and is not remembered because ${why}; store the result elsewhere and return a reference to it`,
      { ...options, details: { step } },
    );
  }
}

/** Thrown by `ctx.step` instead of running one more step than a job can remember. */
export class TooManyStepsError extends BulwarkError {
  readonly code = 'BULWARK_STEPS_TOO_MANY';
  readonly retryable = false;
  readonly errorClass = 'permanent';

  constructor(jobId: string, step: string, most: number) {
    super(
      `the step '${step}' was not run: job ${jobId} has ${most} steps, and none can have more. Do several things in one step, or make them jobs of their own`,
      { details: { jobId, step, most } },
    );
  }
}

/** Thrown by `ctx.step` when what the job remembers of its steps is not what `ctx.step` writes. Nothing was run. */
export class StepsUnreadableError extends BulwarkError {
  readonly code = 'BULWARK_STEPS_UNREADABLE';
  readonly retryable = false;
  readonly errorClass = 'permanent';

  constructor(jobId: string, why: string) {
    super(
      `what job ${jobId} remembers of its steps cannot be read: ${why}. Somebody else has written to the fields bws of its hash; nothing was run, because a step that is done would be done again`,
      { details: { jobId } },
    );
  }
}

/** Why a step that was not awaited cannot go on, and why none can begin: the handler has returned, or was given up on. */
export class RunEndedError extends BulwarkError {
  readonly code = 'BULWARK_RUN_ENDED';
  readonly retryable = false;

  constructor(jobId: string) {
    super(
      `the run of job ${jobId} has ended: no step can begin, and none is remembered any more; await every ctx.step before the handler returns`,
      { details: { jobId } },
    );
  }
}

function quoted(names: readonly string[]): string {
  const shown = names.slice(0, shownNames).map((name) => `'${name}'`);
  const left = names.length - shown.length;
  return left > 0 ? `${shown.join(', ')} and ${left} more` : shown.join(', ');
}
