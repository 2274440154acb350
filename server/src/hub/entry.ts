import type { Event } from '../event.ts'
import { eventFrame } from '../frame.ts'

/** An event as it goes out: encoded once, for live streams and for replays alike. */
export type Entry = { id: string; topic: string; frame: string; bytes: number }

/**
 * Encodes an event. Undefined, and told to `onError`, for one that the bus should have refused: a line break in its id or type
 * would forge the next field on every stream.
 */
export function entryOf(event: Event, onError: (error: unknown) => void): Entry | undefined {
  try {
    return { id: event.id, topic: event.topic, frame: eventFrame(event), bytes: event.bytes }
  } catch (error) {
    onError(error)
    return undefined
  }
}
