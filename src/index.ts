/** The public surface of Bulwark: named exports only, each named here on purpose. */
export { defineDependency } from './job/define-dependency.js';
export { defineJob, type JobDefinition } from './job/define-job.js';
export { defineQueue } from './job/define-queue.js';
export type { JobContext } from './job/job-context.js';
export { BusinessError, PermanentError, ThrottledError, TransientError } from './retry/errors.js';
