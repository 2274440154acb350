import type { RequestHandler } from 'express'
import type { Bus, Once } from '../bus/bus.ts'
import { BusAway, BusRefused } from '../bus/errors.ts'
import { readDraft } from './draft.ts'
import type { Log } from '../observe/log.ts'
import { Refusal } from './refusal.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'
import type { Stats } from '../stats.ts'

export type PublishParts = { bus: Bus; stats: Stats; worker: string; eventBytesMax: number; log: Log }

/** Answers `POST /events`: 202 with the event's id, only once the bus holds it. Throws a Refusal or the bus' own error otherwise. */
export function publish({ bus, stats, worker, eventBytesMax, log }: PublishParts): RequestHandler {
  const refused = new RepeatedFact(log, {
    text: 'publishes are not taken by the bus',
    over: 'publishes are taken by the bus again',
  })
  return async (request, response) => {
    const draft = readDraft(request.body)
    // Line breaks in data grow on the wire, so the frame is measured and not only the body.
    if (draft.bytes > eventBytesMax) {
      throw new Refusal(
        'too-large',
        `The event exceeds ${eventBytesMax} bytes (EVENT_BYTES_MAX) on the wire.`,
      )
    }
    try {
      const { id, topic } = await bus.publish(draft, readOnce(request.get('Idempotency-Key')))
      stats.published += 1
      refused.over()
      response.status(202).json({ id, topic, worker })
    } catch (error) {
      if (error instanceof BusAway || error instanceof BusRefused) {
        stats.publishFailures += 1
        refused.happened({ err: error }, kindOf(error.cause))
      }
      throw error
    }
  }
}

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ ; a quoted key is taken with its quotes. */
function readOnce(key: string | undefined): Once | undefined {
  if (key === undefined) return undefined
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new Refusal(
      'bad-key',
      'Header Idempotency-Key must be 1 to 255 visible ASCII characters, like a UUID.',
    )
  }
  return { key }
}
