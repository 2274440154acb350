import assert from 'node:assert/strict'
import { audit, auditText } from './ledger.ts'
import type { Publisher } from './publisher.ts'
import type { TestStream } from './stream.ts'
import { until } from './wait.ts'

/**
 * Fails unless every client gets all that the publisher was told is taken, once and in order, was never ended for good, and
 * never told of a gap. Call it when the publisher has stopped: the last event may take up to 5 s.
 */
export async function assertWhole(publisher: Publisher, clients: readonly TestStream[]): Promise<void> {
  const last = publisher.acknowledged.at(-1)?.sequence
  for (const client of clients) {
    await until('the last event', 5000, () => client.received.at(-1)?.sequence === last)
    const found = audit(publisher.acknowledged, client.received)
    assert.deepEqual(found, { lost: [], doubled: [], disordered: [] }, auditText(found))
    assert.deepEqual([client.fatal, client.gaps], [undefined, []])
  }
  assert.equal(publisher.fatal, undefined)
}
