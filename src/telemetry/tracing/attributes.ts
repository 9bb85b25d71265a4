/**
 * The names of what our spans say. Those of OpenTelemetry are copied: the messaging conventions are still in development, and a library is
 * advised not to depend on the package that has them. docs/tracing.md lists them for readers.
 */
export const attribute = {
  system: 'messaging.system',
  destination: 'messaging.destination.name',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  messageId: 'messaging.message.id',
  batchCount: 'messaging.batch.message_count',
  clientId: 'messaging.client.id',
  errorType: 'error.type',
  peer: 'peer.service',
  kind: 'bulwark.kind',
  tenant: 'bulwark.tenant',
  duplicate: 'bulwark.duplicate',
  attempt: 'bulwark.attempt',
  starts: 'bulwark.starts',
  outcome: 'bulwark.outcome',
  errorClass: 'bulwark.error.class',
  reason: 'bulwark.reason',
  delay: 'bulwark.delay_seconds',
  fallbackFor: 'bulwark.fallback_for',
  callResult: 'bulwark.call.result',
  replayed: 'bulwark.step.replayed',
} as const;

/** What a span of a queue begins with: what a sampler may decide by, and no more, because most spans may end there. */
export function queueAttributes(queue: string, kind: string): Record<string, string> {
  return { [attribute.destination]: queue, [attribute.kind]: kind };
}

/** What it says beside that, when it is kept. */
export function operationAttributes(operation: 'send' | 'process'): Record<string, string> {
  return {
    [attribute.system]: 'bullmq',
    [attribute.operationName]: operation,
    [attribute.operationType]: operation,
  };
}
