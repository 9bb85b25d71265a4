import { type HttpAnswer, jsonAnswer } from '../telemetry/http-answer.js';
import { within } from '../time/deadline.js';
import type { ScaleRecord } from './scale-record.js';

export interface AutoscaleSource {
  /** Undefined when nobody has decided about the group for a while. */
  record(group: string): Promise<ScaleRecord | undefined>;
  /** The names of all groups. */
  groups(): Promise<readonly string[]>;
}

/** Where it is asked for: `/autoscale/v1/<group>`. */
export const autoscalePath = '/autoscale/v1/';

/** Whoever asks has a limit of his own, of a few seconds. */
const patienceMs = 2_000;

/**
 * Answers how many workers a group wants, for whoever starts and stops them. Any supervisor does, leader or not.
 *
 * What nobody has decided lately is no answer: 503 lets the asker keep what it has, which is what a number that is out of date should not.
 */
export async function answerAutoscale(source: AutoscaleSource, group: string): Promise<HttpAnswer> {
  const answer = await within(patienceMs, find(source, group));
  return answer === 'late' ? jsonAnswer(503, { error: `no answer of Redis within ${patienceMs} ms` }) : answer;
}

async function find(source: AutoscaleSource, group: string): Promise<HttpAnswer> {
  const record = await source.record(group);
  if (record) return jsonAnswer(200, record);
  const groups = await source.groups();
  if (groups.includes(group)) {
    return jsonAnswer(503, { error: `nobody has decided about the group ${group} lately: does a supervisor lead?` });
  }
  const known = groups.length === 0 ? 'no process has told of a queue yet' : `there is ${groups.join(', ')}`;
  return jsonAnswer(404, {
    error: `no queue belongs to a group ${JSON.stringify(group.slice(0, 100))}; ${known}`,
    groups,
  });
}
