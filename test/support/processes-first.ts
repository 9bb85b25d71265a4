import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Vitest begins with the files that took longest the last time, and in a fresh clone with the largest. There short files that start many
 * processes, and take a minute, would come last, and all would wait for them. Those that share their modules follow one another, too.
 */
export default class ProcessesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const startsProcesses = ({ project }: TestSpecification) => project.name === 'processes';
    return [...sorted.filter(startsProcesses), ...sorted.filter((file) => !startsProcesses(file))];
  }
}
