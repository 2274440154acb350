import { LineReader } from '@sse-lab/conformance/kit/line-reader.ts'
import type { Recording } from './observations.ts'

export type SeenEvent = { atMs: number; type: string; data: string; id: string }

export type Read = { events: SeenEvent[]; comments: number; violations: string[] }

/** Reads a recording strictly, and gives each event the time at which its last byte came. */
export function read(recording: Recording): Read {
  const reader = new LineReader()
  const events: SeenEvent[] = []
  for (const { atMs, bytes } of recording.pieces) {
    reader.feed(bytes)
    for (const { type, data, lastId } of reader.events.slice(events.length)) {
      events.push({ atMs, type, data, id: lastId })
    }
  }
  return { events, comments: reader.comments.length, violations: reader.violations }
}
