import { Job, type JobJson, type JobsOptions, type ParentKeys } from 'bullmq';

/** Reads a job's hash, as the script answers it (id, field, value, field, value …), into the form BullMQ's classes take. */
export function decodeJobJson(reply: readonly string[]): JobJson & { readonly id: string } {
  const hash = new Map<string, string>();
  for (let index = 1; index + 1 < reply.length; index += 2) hash.set(reply[index] ?? '', reply[index + 1] ?? '');
  const number = (field: string): number | undefined => {
    const text = hash.get(field);
    return text === undefined || text === '' ? undefined : Number.parseInt(text, 10);
  };
  const optional = <T>(name: string, value: T | undefined) => (value === undefined ? {} : { [name]: value });
  const parent = hash.get('parent');
  return {
    id: reply[0] ?? '',
    name: hash.get('name') ?? '',
    data: hash.get('data') || '{}',
    opts: (Job as unknown as OptionsDecoder).optsFromJSON(hash.get('opts')),
    progress: JSON.parse(hash.get('progress') || '0'),
    delay: Number.parseInt(hash.get('delay') ?? '', 10),
    priority: Number.parseInt(hash.get('priority') ?? '', 10),
    timestamp: Number.parseInt(hash.get('timestamp') ?? '', 10),
    attemptsStarted: number('ats') ?? 0,
    attemptsMade: number('attemptsMade') ?? number('atm') ?? 0,
    stalledCounter: number('stc') ?? 0,
    ...optional('finishedOn', number('finishedOn')),
    ...optional('processedOn', number('processedOn')),
    ...optional('repeatJobKey', hash.get('rjk')),
    ...optional('debounceId', hash.get('deid')),
    ...optional('deduplicationId', hash.get('deid')),
    ...optional('failedReason', hash.get('failedReason')),
    ...optional('deferredFailure', hash.get('defa')),
    ...optional('stacktrace', hash.get('stacktrace')),
    ...optional('returnvalue', hash.get('returnvalue')),
    ...optional('parentKey', hash.get('parentKey')),
    ...optional('parent', parent === undefined ? undefined : (JSON.parse(parent) as ParentKeys)),
    ...optional('processedBy', hash.get('pb')),
  } as JobJson & { readonly id: string };
}

/** BullMQ's decoder of options is protected; it alone knows the short names. */
interface OptionsDecoder {
  optsFromJSON(raw: string | undefined): JobsOptions;
}
