import type { Bus, Once } from '../bus/bus.ts'
import { BusAway, BusRefused, NotConfirmed } from '../bus/errors.ts'
import type { Draft } from '../event.ts'
import { covers, type Grant } from '../grant.ts'
import type { Log } from '../observe/facts.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'
import type { Quotas } from '../quotas.ts'
import type { Stats } from '../stats.ts'
import { Refusal } from './refusal.ts'

export type PublisherParts = {
  bus: Pick<Bus, 'publish'>
  stats: Stats
  quotas: Quotas
  eventBytesMax: number
  log: Log
}

/** What a publish is answered with, once the bus holds the event. */
export type Published = { id: string; topic: string }

/** Hands a draft to the bus. Rejects with a Refusal, or with the bus' own error. */
export type Publisher = (
  draft: Draft,
  more: { key?: string | undefined; grant?: Grant | undefined },
) => Promise<Published>

/** Makes what every publish goes through, wherever it comes from. */
export function openPublisher({ bus, stats, quotas, eventBytesMax, log }: PublisherParts): Publisher {
  const refused = new RepeatedFact(log, {
    text: 'publishes are not taken by the bus',
    over: 'publishes are taken by the bus again',
  })
  return async (draft, { key, grant }) => {
    if (grant !== undefined && !covers(grant.publish ?? [], draft.topic)) {
      throw new Refusal('forbidden', 'The grant does not cover a publish to this topic.')
    }
    if (grant?.subject !== undefined && !quotas.publishes.take(grant.subject)) {
      throw new Refusal(
        'too-many',
        'Too many publishes of one subject. Nothing was published; come back later.',
      )
    }
    // Line breaks in data grow on the wire, so the frame is measured and not only the body.
    if (draft.bytes > eventBytesMax) {
      throw new Refusal(
        'too-large',
        `The event exceeds ${eventBytesMax} bytes on the wire (EVENT_BYTES_MAX, eventBytesMax).`,
      )
    }
    const once = readOnce(key, grant?.subject)
    try {
      const { id, topic } = await bus.publish(draft, once)
      stats.published += 1
      refused.over()
      return { id, topic }
    } catch (error) {
      if (error instanceof BusAway || error instanceof BusRefused || error instanceof NotConfirmed) {
        stats.publishFailures += 1
        refused.happened({ err: error }, kindOf(error.cause ?? error))
      }
      throw error
    }
  }
}

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ ; a quoted key is taken with its quotes. */
function readOnce(key: string | undefined, owner: string | undefined): Once | undefined {
  if (key === undefined) return undefined
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new Refusal(
      'bad-key',
      'Header Idempotency-Key must be 1 to 255 visible ASCII characters, like a UUID.',
    )
  }
  return { key, owner }
}
