import type { RequestHandler } from 'express'
import type { Bus } from './bus/bus.ts'
import { readDraft } from './draft.ts'
import { eventFrame } from './frame.ts'
import type { Counts } from './metrics.ts'
import { BusAway, Refusal } from './refusal.ts'

export type PublishParts = { bus: Bus; counts: Counts; worker: string; eventBytesMax: number }

// As long as the ids of any bus; the frame is measured before the event has its own.
const idOfUsualLength = '00000000-0000-0000-0000-000000000000'

/** Answers `POST /events`: 202 with the event's id, only once the bus holds it. Throws a Refusal otherwise. */
export function publish({ bus, counts, worker, eventBytesMax }: PublishParts): RequestHandler {
  return async (request, response) => {
    const draft = readDraft(request.body)
    // Line breaks in data grow on the wire, so the frame is measured and not only the body.
    if (Buffer.byteLength(eventFrame({ ...draft, id: idOfUsualLength })) > eventBytesMax) {
      throw new Refusal(
        'too-large',
        `The event exceeds ${eventBytesMax} bytes (EVENT_BYTES_MAX) on the wire.`,
      )
    }
    try {
      const { id, topic } = await bus.publish(draft)
      counts.published += 1
      response.status(202).json({ id, topic, worker })
    } catch (error) {
      if (!(error instanceof BusAway)) throw error
      counts.publishFailures += 1
      throw new Refusal(
        'bus-away',
        'The bus did not take the event in time. It is not acknowledged, but may still take effect.',
      )
    }
  }
}
