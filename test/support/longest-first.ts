import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** They take up to a minute each, however short their files are. */
const long = /\/(chaos\/[^/]+|prove)\.test\.ts$/;

/**
 * Vitest begins with the files that took longest the last time, and in a fresh clone with the largest. By that the proofs would come last
 * there, and all would wait for them.
 */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
